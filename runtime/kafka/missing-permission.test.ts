import { describe, expect, it } from 'vitest';
import { errorOfCode } from './error-of-code.ts';
import { missingPermission } from './missing-permission.ts';

const topicCode = 29;
const groupCode = 30;
const clusterCode = 31;
const notFound = 3;

describe('missingPermission', () => {
  it('tells the operation from the request and the resource from the code', () => {
    const place = { topic: 't', group: 'g', partition: 0 };
    const lacking = (code: number, api: string) => {
      const { operation, resource, name } = errorOfCode(code, { api, ...place })?.missing ?? {};
      return `${operation} on ${resource} ${name}`;
    };
    expect(lacking(topicCode, 'Produce')).toBe('Write on topic t');
    expect(lacking(topicCode, 'Fetch')).toBe('Read on topic t');
    expect(lacking(topicCode, 'Metadata')).toBe('Describe on topic t');
    expect(lacking(topicCode, 'CreateTopics')).toBe('Create on topic t');
    expect(lacking(groupCode, 'FindCoordinator')).toBe('Describe on group g');
    expect(lacking(groupCode, 'JoinGroup')).toBe('Read on group g');
    expect(lacking(groupCode, 'OffsetCommit')).toBe('Read on group g');
    expect(lacking(topicCode, 'OffsetFetch')).toBe('Describe on topic t');
    expect(lacking(clusterCode, 'InitProducerId')).toBe('IdempotentWrite on cluster kafka-cluster');
  });

  it('is none for any other error, nor where the request needs no such resource', () => {
    expect(errorOfCode(notFound, { api: 'Fetch', topic: 't' })?.missing).toBeUndefined();
    expect(missingPermission('CLUSTER_AUTHORIZATION_FAILED', { api: 'Fetch' })).toBeUndefined();
  });
});
