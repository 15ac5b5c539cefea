/*
 * The formats for other programs, which few questions need: they travel together (src/build/compressed.ts).
 */
export { createEcs } from './ecs.ts';
export { createOtlp } from './otlp.ts';
export { createMetrics } from './prometheus.ts';
