// No number around an error becomes its port: what logs add to a line changes nothing, or at most hides the port.
import { suite } from 'uvu';
import { readWithNoise } from './error-noise.ts';

const test = suite('error noise');
readWithNoise(test, false);
test.run();
