import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { RowCommand } from '../cli/row-command.ts';
import { places } from '../cli/values.ts';
import { findConfiguration } from '../configuration/configuration.ts';
import type { Answer } from '../schema/answer.ts';
import { configuration } from '../schema/configuration.ts';
import { givenPath } from '../system/registry.ts';

/** Shows where ports are configured. */
export class ConfigCommand extends withOptions(RowCommand, CountOptions) {
  static override paths = [['config']];
  static override usage = Command.Usage({
    description: 'show in which file, line, and setting a port is configured',
    details: `
      It starts at the program that listens on a port: its arguments, its working directory, and its environment lead to its configuration files, including those that they include. Servers that do not run are found by the default places of their files. Without PORTS, it lists every port that a configuration names.

      If several settings compete, such as an option on the command line and one in a file, it shows all of them: IsEffective is false for those that are overridden, and Overrides lists them at the setting that wins.

      A value that is unknown, for example because it contains a variable, is empty, and Reason says why. If a server still listens on a port because it started before its configuration was changed, a warning says so.
    `,
    examples: [
      ['Where is port 8080 configured?', '$0 config 8080'],
      ['Every port that nginx is configured for', '$0 config --app nginx'],
      ['The ports in one file', '$0 config --path compose.yaml'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [configuration],
    operands: { column: 'LocalPort' },
    values: { '--path': 'file' },
    exitCodes: {
      0: 'found',
      1: 'no configuration that it understands sets the port',
      69: 'cannot tell: a file could not be read',
      77: 'needs elevated rights',
    },
    powershell: {
      name: 'Get-PortConfiguration',
      operand: 'Port',
      own: ['InputObject'],
      parameters: { Application: '--app', Path: '--path', Column: '--columns', Redact: '--redact' },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  app = Option.String('--app', { description: 'only this kind of server: nginx, PostgreSQL …' });
  file = Option.String('--path', { description: 'only this configuration file, or value of the Windows registry' });

  override readonly schema = configuration;

  protected async answer(): Promise<Answer> {
    const request = {
      ports: this.ports.length === 0 ? null : await places(this.ports),
      application: this.app ?? null,
      path: givenPath(this.file),
    };
    const machine = await this.surroundings.configuration();
    return findConfiguration(request, { asked: this.askedMachine(), machine });
  }
}
