import { profileKeys, type WindowsFirewall } from '../../facts/decode/windows-firewall.ts';
import { registryNumbers, registryTexts } from './registry.ts';

const local = 'SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy';
const group = 'SOFTWARE\\Policies\\Microsoft\\WindowsFirewall';

/**
 * The firewall's policy from where it is kept, in one read each: the cmdlets ask for the filters of every rule one by
 * one, which takes a minute on a machine with many rules. [MS-GPFAS] documents the form.
 */
export function firewallPolicy(): WindowsFirewall {
  const policy = (key: string) => ({
    rules: registryTexts(`${key}\\FirewallRules`),
    profiles: Object.fromEntries(
      Object.values(profileKeys).map((profile) => [profile, Object.fromEntries(registryNumbers(`${key}\\${profile}`))]),
    ),
  });
  const settings = policy(group);
  // Group policy calls the private profile so since Windows 7 as well.
  const renamed = Object.fromEntries(registryNumbers(`${group}\\PrivateProfile`));
  return {
    local: policy(local),
    group: {
      ...settings,
      profiles: { ...settings.profiles, StandardProfile: { ...settings.profiles['StandardProfile'], ...renamed } },
    },
  };
}
