import { Option } from 'clipanion';
import type { FreeRequest } from '../../actions/free.ts';
import type { Place } from '../../ports/place.ts';
import { ipAddress } from '../ip-address.ts';
import { commonPlace } from '../subject.ts';
import { portSpans, wholeNumber, word } from '../values.ts';
import type { GroupAbout } from './group.ts';

const protocols = { tcp: ['TCP'], udp: ['UDP'], both: ['TCP', 'UDP'] } as const;

/** Which ports to find. */
export class FreeOptions {
  static readonly about = {
    values: { '--protocol': Object.keys(protocols) },
    parameters: {
      Count: '--count',
      Range: '--range',
      Near: '--near',
      Consecutive: '--consecutive',
      Protocol: '--protocol',
      Address: '--address',
      IncludeRegistered: '--registered',
      Except: '--except',
    },
  } as const satisfies GroupAbout;

  count = Option.String('--count', { description: 'how many ports (default: 1)' });
  range = Option.Array('--range', { description: 'only ports in this range: 8000-8999' });
  near = Option.String('--near', { description: 'this port, or the next ones upward, including registered ports' });
  consecutive = Option.Boolean('--consecutive', false, { description: 'consecutive ports' });
  protocol = Option.String('--protocol', { description: 'tcp (default), udp, or both' });
  address = Option.String('--address', {
    description: 'free on this address of the machine (default: on every IPv4 and IPv6 address)',
  });
  registered = Option.Boolean('--registered', false, { description: 'include ports that are registered with IANA' });
  except = Option.Array('--except', { description: 'exclude these ports' });
}

/** Reads the options and operands. Throws PO1001, PO1002, and PO1004. */
export async function choiceOf(given: FreeOptions, named: readonly Place[]): Promise<FreeRequest> {
  const whole = (option: string, text: string | undefined, most: number): number | null =>
    text === undefined ? null : wholeNumber(option, text, { most });
  const place = commonPlace(named, 'free');
  return {
    count: whole('--count', given.count, 10_000) ?? 1,
    spans:
      given.range === undefined && named.length === 0
        ? null
        : [...named, ...(await portSpans('--range', given.range ?? []))],
    near: whole('--near', given.near, 65_535),
    consecutive: given.consecutive,
    protocols: word('--protocol', given.protocol ?? place.protocol ?? 'tcp', protocols),
    address:
      given.address === undefined
        ? place.address
        : ipAddress(given.address, 'one address of this machine, such as 127.0.0.1 or ::1'),
    registered: given.registered || named.length > 0,
    except: await portSpans('--except', given.except ?? []),
  };
}
