/**
 * Imported before anything else. TurboFan gains nothing here over Maglev, V8's other compiler: at 110 busy pods the
 * CPU time is the same, and its code, its work and what it makes are 7 MB (test/bench/daemon).
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--no-turbofan');
