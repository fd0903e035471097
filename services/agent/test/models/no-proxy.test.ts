import { describe, expect, it } from 'vitest';
import { isExcepted } from '../../src/models/openai/connection/no-proxy.ts';

describe('NO_PROXY', () => {
  it.each([
    ['http://model.example/v1', 'model.example'],
    ['http://model.example/v1', 'MODEL.Example'],
    ['http://model.example/v1', 'example'],
    ['http://model.example/v1', '.example'],
    ['http://model.example/v1', '*.example'],
    ['http://model.example/v1', '.model.example'],
    ['http://model.example/v1', 'other.example, model.example'],
    ['http://model.example/v1', 'other.example model.example'],
    ['http://model.example/v1', 'model.example:80'],
    ['https://model.example/v1', 'model.example:443'],
    ['http://model.example/v1', '*'],
    ['http://10.1.2.3:9/v1', '10.1.2.3'],
    ['http://10.1.2.3:9/v1', '10.1.2.3:9'],
    ['http://10.1.2.3:9/v1', '10.0.0.0/8'],
    ['http://10.1.2.3:9/v1', '10.1.2.0-10.1.2.9'],
    ['http://10.1.2.3:9/v1', '10.*'],
    ['http://[fd00::1]:9/v1', 'fd00::1'],
    ['http://[fd00::1]:9/v1', '[fd00::1]:9'],
    ['http://[fd00::1]:9/v1', 'fd00::/8'],
  ])('the server %s is asked directly with NO_PROXY=%s', (url, list) => {
    expect(isExcepted(new URL(url), list)).toBe(true);
  });

  it.each([
    ['http://model.example/v1', undefined],
    ['http://model.example/v1', ' , '],
    ['http://model.example/v1', 'odel.example'],
    ['http://model.example/v1', 'model.example.org'],
    ['http://model.example/v1', 'model.example:81'],
    ['http://10.1.2.3:9/v1', '192.168.0.0/16'],
    ['http://10.1.2.3:9/v1', '10.0.0.0/99'],
    ['http://10.1.2.3:9/v1', '1.2.3'],
    ['http://[fd00::1]:9/v1', '[fd00::1]:8'],
    ['http://[fd00::1]:9/v1', '10.0.0.0/8'],
  ])('the server %s is asked through the proxy with NO_PROXY=%s', (url, list) => {
    expect(isExcepted(new URL(url), list)).toBe(false);
  });
});
