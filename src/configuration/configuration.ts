/*
 * What the commands use of this room. In an executable, it is compressed (src/build/compressed.ts): import nothing else
 * of it from other rooms, except types.
 */
export { askedFor, configuredConflicts } from './asked-for.ts';
export { findConfiguration } from './find.ts';
export { listMoves, moveServer, undoMove } from './move.ts';
