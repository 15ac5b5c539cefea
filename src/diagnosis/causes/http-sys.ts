import type { Cause } from '../cause.ts';
import { freeFromHttpSys } from '../remedy-steps.ts';

export const httpSys: Cause = {
  name: 'HttpSys',
  meaning: 'HTTP.sys holds it for a program or service',
  holds: ({ kind }) => kind === 'HttpSys',
  remedies: freeFromHttpSys,
};
