import { Option } from 'clipanion';
import type { GroupAbout } from './group.ts';

/** Whether names are replaced in what is written. */
export class RedactOption {
  static readonly about = {
    sections: { Output: ['--redact'] },
    synonyms: { '--anonymize': ['--redact'], '--mask': ['--redact'] },
    leftOut: { '--redact': 'use Export-PortReport -Redact' },
  } as const satisfies GroupAbout;

  redact = Option.Boolean('--redact', false, {
    description: 'replace the names of users, machines, home folders, and projects, and IP addresses',
  });
}
