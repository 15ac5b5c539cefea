import type { Cause } from '../cause.ts';
import { say, step } from '../remedy-steps.ts';

export const urlReserved: Cause = {
  name: 'UrlReserved',
  meaning: 'HTTP.sys does not allow this account to register the URL',
  isOwnerless: true,
  overrules: ({ facts, error }) =>
    facts.machine.platform === 'win32' && error?.meaning === 'urlReserved' ? false : undefined,
  remedies: ({ request: { port } }) => [
    step('netsh http show urlacl', `who can register which URL; look for :${port}`),
    ...(port === 0
      ? []
      : [
          step(
            `netsh http add urlacl url=http://+:${port}/ user="$env:USERDOMAIN\\$env:USERNAME"`,
            'as administrator: allows your account to register it; write the URL exactly as the program does',
          ),
        ]),
    say('or run the program as administrator'),
  ],
};
