import type { Confinement } from './error-text/confinement.ts';
import type { ParsedError } from './error-text.ts';
import type { Request } from './request.ts';
import { say, step } from '../schema/step.ts';

const nothingKnown: Confinement = { module: null, portType: null, isDefined: false };

/** Returns the steps for a bind that a security module may have denied to the program, but allows others. */
export function securityModuleSteps({ port, protocol }: Request, error: ParsedError | null): string[] {
  const { module, portType, isDefined } = error?.confinement ?? nothingKnown;
  if (module === 'AppArmor')
    return [
      step('sudo journalctl -k --grep=apparmor', 'what AppArmor refused'),
      step('sudo aa-logprof', 'adds what was refused to the profile of the program, after asking'),
    ];
  const command = `semanage port ${isDefined ? '-m' : '-a'} -t ${portType ?? 'TYPE'} -p ${protocol.toLowerCase()} ${port}`;
  const ifSo = module === 'SELinux' ? '' : 'if it was SELinux: ';
  return [
    ...(module === 'SELinux'
      ? []
      : [say('a security module (SELinux, AppArmor) or a sandbox may deny it to this program: see its log')]),
    step('sudo ausearch -m avc -ts recent', 'what SELinux refused'),
    portType === null
      ? step(
          'sudo semanage port -l',
          `${ifSo}find the type of the program's ports, and add this port to it: ${command}`,
        )
      : step(
          `sudo ${command}`,
          `${ifSo}adds the port to ${portType}${isDefined ? '' : ' (-m instead of -a if it has another type)'}; check the types with semanage port -l`,
        ),
  ];
}
