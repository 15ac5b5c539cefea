// Runs every check, or only the checks in the arguments: types, lint, format.
import { checks, report } from './checks.ts';

const given = process.argv.slice(2);
const names = (Object.keys(checks) as (keyof typeof checks)[]).filter(
  (name) => given.length === 0 || given.includes(name),
);
const failures = names.map((name) => checks[name]()).filter((check) => !check.ok);
for (const failure of failures) report(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
