import { Option } from 'clipanion';
import type { ParsedError } from '../../diagnosis/error-text.ts';
import type { Request } from '../../diagnosis/request.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import { ipAddress } from '../ip-address.ts';
import { noValue } from '../values.ts';
import type { GroupAbout } from './group.ts';

const protocols = ['tcp', 'udp'] as const;

/** How a program binds a port. */
export class BindOptions {
  static readonly about = {
    values: { '--protocol': protocols, '--reuse': ['address', 'port'] },
    parameters: {
      Protocol: '--protocol',
      Address: '--address',
      IPv6Only: '--ipv6-only',
      Exclusive: '--exclusive',
      Reuse: '--reuse',
    },
  } as const satisfies GroupAbout;

  protocol = Option.String('--protocol', { description: 'tcp (default) or udp' });
  address = Option.String('--address', {
    description: 'the address that the program asks for (default: every one, IPv4 and IPv6); :: is for IPv4 too',
  });
  ipv6Only = Option.Boolean('--ipv6-only', false, { description: 'with --address ::, leave IPv4 alone (IPV6_V6ONLY)' });
  exclusive = Option.Boolean('--exclusive', false, {
    description: 'the program asks for exclusive use (SO_EXCLUSIVEADDRUSE on Windows)',
  });
  reuse = Option.String('--reuse', false, {
    tolerateBoolean: true,
    description: 'the program sets SO_REUSEADDR; --reuse=port: SO_REUSEPORT, on Linux',
  });
}

/** Throws PO1005 for options that do not go together. */
export function checkBindOptions({ exclusive, reuse, ipv6Only, address }: BindOptions): void {
  if (exclusive && reuse !== false) throw new PortOwnerError('PO1005', '--exclusive and --reuse exclude each other');
  if (ipv6Only && address !== '::') throw new PortOwnerError('PO1005', '--ipv6-only needs --address ::');
}

/** What a program asks for; what the options leave open is as an error text has it. Throws PO1001 and PO1004. */
export function bindRequest(given: BindOptions, port: number, error: ParsedError | null): Request {
  const address = given.address ?? error?.address ?? null;
  return {
    port,
    protocol: protocolOf(given.protocol ?? error?.protocol ?? 'tcp'),
    address: address === null ? null : ipAddress(address, '127.0.0.1, 0.0.0.0, ::1 or fe80::1%eth0').toLowerCase(),
    sharing: sharingOf(given),
    ipv6Only: given.ipv6Only,
  };
}

function protocolOf(text: string): 'TCP' | 'UDP' {
  const name = text.toUpperCase();
  if (name !== 'TCP' && name !== 'UDP') throw noValue('--protocol', text, 'tcp or udp');
  return name;
}

function sharingOf({ exclusive, reuse }: BindOptions): Request['sharing'] {
  if (exclusive) return 'exclusive';
  if (reuse === false || reuse === 'false') return 'default';
  if (reuse === 'port') return 'reusePort';
  // clipanion gives true for the bare option, which its type does not say.
  if ((reuse as unknown) === true || reuse === 'true' || reuse === 'address') return 'reuse';
  throw noValue('--reuse', reuse, 'address (which it means by itself) or port');
}
