import { Option } from 'clipanion';
import type { FreeRequest } from '../../actions/free.ts';
import type { Place } from '../../ports/place.ts';
import { ipAddress } from '../ip-address.ts';
import { commonPlace } from '../subject.ts';
import { portSpans, wholeNumber, word } from '../values.ts';
import type { GroupAbout } from './group.ts';

const protocols = { tcp: ['TCP'], udp: ['UDP'], both: ['TCP', 'UDP'] } as const;

/** Which ports will do. */
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
  range = Option.Array('--range', { description: 'only ports of this expression: 8000-8999' });
  near = Option.String('--near', { description: 'this port, or the next ones upward, registered ones included' });
  consecutive = Option.Boolean('--consecutive', false, { description: 'ports that follow one another' });
  protocol = Option.String('--protocol', { description: 'tcp (default), udp or both' });
  address = Option.String('--address', {
    description: 'free on this address of the machine (default: on every address, IPv4 and IPv6)',
  });
  registered = Option.Boolean('--registered', false, { description: 'ports that IANA registered for a service, too' });
  except = Option.Array('--except', { description: 'none of these ports' });
}

/** What ports will do, by the options and the operands. Throws PO1001, PO1002 and PO1004. */
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
