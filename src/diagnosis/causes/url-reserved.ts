import type { Cause } from '../cause.ts';
import { say, step } from '../remedy-steps.ts';

export const urlReserved: Cause = {
  name: 'UrlReserved',
  meaning: 'HTTP.sys does not let this account register the URL',
  isOwnerless: true,
  overrules: ({ facts, error }) =>
    facts.machine.platform === 'win32' && error?.meaning === 'urlReserved' ? false : undefined,
  remedies: ({ request: { port } }) => [
    step('netsh http show urlacl', `who may register which URL; look for :${port}`),
    ...(port === 0
      ? []
      : [
          step(
            `netsh http add urlacl url=http://+:${port}/ user="$env:USERDOMAIN\\$env:USERNAME"`,
            'as administrator: lets your account register it; write the URL as the program does',
          ),
        ]),
    say('or run the program as administrator'),
  ],
};
