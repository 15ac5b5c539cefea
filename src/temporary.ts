export { temporaryBeside } from './io/temporary.ts';
