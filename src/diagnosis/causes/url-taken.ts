import type { Cause } from '../cause.ts';
import { freeFromHttpSys } from '../remedy-steps.ts';
import { httpSys } from './http-sys.ts';
import { kernel } from './kernel.ts';

export const urlTaken: Cause = {
  name: 'UrlTaken',
  meaning: 'another program has registered the URL with HTTP.sys',
  // The error text is believed where nothing visible contradicts it.
  overrules: ({ facts, error, can, cause, blind, full }) =>
    facts.machine.platform === 'win32' &&
    error?.meaning === 'urlTaken' &&
    (can === true ? !blind && !full : cause === httpSys || cause === kernel)
      ? false
      : undefined,
  remedies: freeFromHttpSys,
};
