import { profileKeys, type WindowsFirewall } from '../../facts/decode/windows-firewall.ts';
import { registryNumbers, registryTexts } from './registry.ts';

const local = 'SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy';
const group = 'SOFTWARE\\Policies\\Microsoft\\WindowsFirewall';

/**
 * Reads the firewall's policy directly from the registry, each key in one read: the cmdlets query the filters of each
 * rule one by one, which takes a minute on a machine with many rules. [MS-GPFAS] documents the form.
 */
export function firewallPolicy(): WindowsFirewall {
  const policy = (key: string) => ({
    rules: registryTexts(`${key}\\FirewallRules`),
    profiles: Object.fromEntries(
      Object.values(profileKeys).map((profile) => [profile, Object.fromEntries(registryNumbers(`${key}\\${profile}`))]),
    ),
  });
  const settings = policy(group);
  // Since Windows 7, Group Policy also uses this name for the private profile.
  const renamed = Object.fromEntries(registryNumbers(`${group}\\PrivateProfile`));
  return {
    local: policy(local),
    group: {
      ...settings,
      profiles: { ...settings.profiles, StandardProfile: { ...settings.profiles['StandardProfile'], ...renamed } },
    },
  };
}
