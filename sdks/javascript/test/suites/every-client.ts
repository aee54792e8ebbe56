/** The suites of all four clients, and of what deployments send. */

import { describe } from 'node:test';
import type { Place } from '../places/place';
import asimov from './asimov';
import astraFlow from './astraflow';
import asyncFlow from './asyncflow';
import asyncQueue from './asyncqueue';
import signatures from './signatures';

export function everyClient(place: Place): void {
  describe('AstraClient', () => astraFlow(place));
  describe('AsyncQueueClient', () => asyncQueue(place));
  describe('AsyncFlowClient', () => asyncFlow(place));
  describe('AsimovClient', () => asimov(place));
  describe('verifyWebhook', () => signatures(place));
}
