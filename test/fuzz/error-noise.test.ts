// The errors of all fixtures with every addition that logs make; test/diagnosis reads each with a few.
import { suite } from 'uvu';
import { readWithNoise } from '../diagnosis/error-noise.ts';

const test = suite('error noise');
readWithNoise(test, true);
test.run();
