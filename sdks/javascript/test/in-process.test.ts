/** Every client against the real app, in process. */

import { after } from 'node:test';
import { inProcess } from './places/in-process';
import { everyClient } from './suites/every-client';

const place = await inProcess();
after(() => place.close());
everyClient(place);
