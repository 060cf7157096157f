import { expect, it } from 'vitest';
import type { AlertMemory } from './alert-memory.ts';
import { opensIncident } from './open-rule.ts';

const options = { windowMs: 300_000, minMembers: 3 };

function alert(name: string, critical = false): AlertMemory {
  const signal = { name } as AlertMemory['signal'];
  return { state: 'FIRING', critical, breach: false, firedAtMs: 1000, signal } as AlertMemory;
}

it('counts series with a warning, and not their entity, whose warning says what theirs do', () => {
  const two = [alert('MetricAnomaly'), alert('MetricAnomaly')];
  expect(opensIncident([...two, alert('EntityAnomaly')], 1000, options)).toBe(false);
  expect(opensIncident([...two, alert('MetricAnomaly')], 1000, options)).toBe(true);
  expect(opensIncident([alert('EntityAnomaly', true)], 1000, options)).toBe(true);
});
