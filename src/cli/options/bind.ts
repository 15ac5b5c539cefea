import { Option } from 'clipanion';
import type { ParsedError } from '../../diagnosis/error-text.ts';
import type { Request } from '../../diagnosis/request.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import { canonicalAddress } from '../../ports/address.ts';
import { ipAddress } from '../ip-address.ts';
import type { OnePlace } from '../subject.ts';
import { unknownValue, word } from '../values.ts';
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
    description: 'the address that the program binds (default: every IPv4 and IPv6 address); :: includes IPv4',
  });
  ipv6Only = Option.Boolean('--ipv6-only', false, { description: 'with --address ::, exclude IPv4 (IPV6_V6ONLY)' });
  exclusive = Option.Boolean('--exclusive', false, {
    description: 'the program requests exclusive use (SO_EXCLUSIVEADDRUSE on Windows)',
  });
  reuse = Option.String('--reuse', false, {
    tolerateBoolean: true,
    description: 'the program sets SO_REUSEADDR; --reuse=port: SO_REUSEPORT (Linux)',
  });
}

/** Throws PO1005 for options that exclude each other. */
export function checkBindOptions({ exclusive, reuse, ipv6Only, address }: BindOptions): void {
  if (exclusive && reuse !== false) throw new PortOwnerError('PO1005', '--exclusive and --reuse exclude each other');
  if (ipv6Only && canonicalAddress(address ?? '') !== '::')
    throw new PortOwnerError('PO1005', '--ipv6-only needs --address ::');
}

/** The default address and protocol: from the operand, or from an error text. */
export interface BindHints {
  readonly place: OnePlace | null;
  readonly error: ParsedError | null;
}

/** Reads the requested bind. Throws PO1001 and PO1004. */
export function bindRequest(given: BindOptions, port: number, { place, error }: BindHints): Request {
  const address = given.address ?? place?.address ?? error?.address ?? null;
  const isLocalhost =
    given.address === undefined
      ? place?.address == null
        ? error?.isLocalhost === true
        : place.isLocalhost
      : /^localhost$/i.test(given.address);
  const usual = place?.protocol ?? error?.protocol ?? 'TCP';
  return {
    port,
    protocol:
      given.protocol === undefined ? usual : word('--protocol', given.protocol, { tcp: 'TCP', udp: 'UDP' } as const),
    address: address === null ? null : ipAddress(address, '127.0.0.1, 0.0.0.0, ::1 or fe80::1%eth0'),
    ...(isLocalhost ? { isLocalhost } : {}),
    sharing: sharingOf(given),
    ipv6Only: given.ipv6Only,
  };
}

function sharingOf({ exclusive, reuse }: BindOptions): Request['sharing'] {
  if (exclusive) return 'exclusive';
  if (reuse === false || reuse === 'false') return 'default';
  if (reuse === 'port') return 'reusePort';
  // clipanion gives true for the bare option, which its type does not say.
  if ((reuse as unknown) === true || reuse === 'true' || reuse === 'address') return 'reuse';
  throw unknownValue('--reuse', reuse, 'address (the default) or port', ['address', 'port']);
}
