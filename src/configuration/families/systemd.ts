import type { Family } from '../family.ts';
import { onePort, written } from '../layers.ts';
import { inFile, portOf, type Reading } from '../reading.ts';
import { partOf } from '../readers/setting.ts';
import { readUnitStart, startValues, type ServiceStart } from '../service-file.ts';
import { unitObstacle, unitOfFile, unitSettings, type UnitSetting } from '../units.ts';

/*
 * Sockets: every ListenStream and ListenDatagram counts until an empty one resets them.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.socket.html#ListenStream=
 * Services: literal ports in ExecStart and Environment.
 */

const options = ['--port', '-p', '--http-port', '--listen-port', '--httpPort', '--bind', '-b', '--listen', '--urls'];
const variables = ['PORT', 'HTTP_PORT', 'SERVER_PORT', 'LISTEN_PORT', 'FLASK_RUN_PORT', 'UVICORN_PORT'];

/** An address of a socket: a port, an IPv4 address or an IPv6 address in brackets with one; everything else has no port. */
function addSocket(reading: Reading, setting: UnitSetting): void {
  const kind = /^Socket\.(ListenStream|ListenDatagram)$/.exec(setting.name)?.[1];
  const { value, file } = setting;
  if (kind === undefined || /^[/@]|^vsock:/.test(value)) return;
  const [, address = null, digits] = /^(?:\[?([\da-f.:%\w]*?)\]?:)?(\d+)$/i.exec(value) ?? [];
  const port = digits === undefined ? null : portOf(digits);
  const obstacle = unitObstacle(file.path);
  const digitsAt = value.length - (digits?.length ?? 0);
  reading.add({
    setting: kind,
    value,
    protocol: kind === 'ListenDatagram' ? 'UDP' : 'TCP',
    address,
    port,
    source: inFile(file, setting, port === null || obstacle !== null ? null : partOf(setting, digitsAt, value.length)),
    reason:
      port !== null ? obstacle : value.includes('%') ? 'the value contains a specifier' : 'the value is not a port',
  });
}

/** Leaves out variables with options that no command mentions: nobody knows whether anything uses them. */
function used({ commands, variables: all }: ServiceStart): ServiceStart {
  const isMentioned = (name: string): boolean =>
    commands.some(({ value }) => value.includes(`$${name}`) || value.includes(`\${${name}}`));
  return { commands, variables: all.filter(({ name }) => variables.includes(name) || isMentioned(name)) };
}

export const systemd: Family = {
  name: 'systemd',
  defaultFiles: [],
  defaultPatterns: ['/etc/systemd/system/*.wants/*.socket', '/etc/systemd/system/*.requires/*.socket'],
  read(instance, reading) {
    if (instance.path === null) return;
    const { name, path } = unitOfFile(instance.path, reading);
    if (name.endsWith('.socket')) for (const setting of unitSettings(reading, name, path)) addSocket(reading, setting);
    else
      for (const [rank, value] of startValues(used(readUnitStart(reading, name, path)), [
        ...options,
        ...variables,
      ]).entries()) {
        // Of a variable that is set twice, the last one counts.
        const key = value.name.startsWith('-') ? null : value.name;
        for (const place of written(value, onePort)) if (place.port !== null) reading.add({ ...place, key, rank });
      }
  },
  sideEffects(_, place) {
    const file = place.source.kind === 'file' ? place.source.file.path : '';
    const name = /([^/\\]{1,255}?)(?:\.d[/\\][^/\\]{1,255})?$/.exec(file)?.[1] ?? 'the unit';
    return [`systemd uses the new port after systemctl daemon-reload and systemctl restart ${name}`];
  },
};
