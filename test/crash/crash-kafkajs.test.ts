import { defineCrashCases } from './crash-cases.ts';

defineCrashCases('kafkajs');
