/** Every client against the real app, over HTTP, beside a local stack. */

import { after } from 'node:test';
import { overHttp } from './places/stack';
import { everyClient } from './suites/every-client';

const place = overHttp();
after(() => place.close());
everyClient(place);
