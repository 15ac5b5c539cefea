import type { Problem } from '../schema/problems.ts';
import type { Look } from './look.ts';

/** Warns of what a look could not see. */
export const gapProblems = ({ gaps }: Look): Problem[] =>
  gaps.map((message) => ({
    severity: 'Warning',
    code: /\(needs /.test(message) ? 'PO3002' : 'PO3001',
    message,
  }));
