// Type check and lint: `check.ts` does both, `check.ts lint` only the latter.
import { checks, report } from './checks.ts';

const names = process.argv[2] === 'lint' ? (['lint'] as const) : (['types', 'lint'] as const);
const failures = names.map((name) => checks[name]()).filter((check) => !check.ok);
for (const failure of failures) report(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
