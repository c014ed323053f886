import assert from 'node:assert/strict';
import { didYouMean, nearest, slipOf } from '../../src/pipeline/check/nearNames';

describe('Names that were meant', () => {
  it('are the nearest of several', () => {
    assert.equal(nearest('stag', ['stages', 'stage', 'steps']), 'stage');
    assert.equal(nearest('enviornment', ['agent', 'environment']), 'environment');
  });

  it('are found in other capitals, however many', () => {
    assert.equal(nearest('RETURNSTDOUT', ['returnStatus', 'returnStdout']), 'returnStdout');
  });

  it('are none where nothing is near, or the name is too short to tell', () => {
    assert.equal(nearest('banana', ['stages', 'steps']), undefined);
    assert.equal(nearest('go', ['id', 'ok']), undefined);
  });

  it('are asked for in a sentence', () => {
    assert.equal(didYouMean('setps', ['steps']), ' Did you mean "steps"?');
    assert.equal(didYouMean('x', ['steps']), '');
  });

  it('are a slip of the pen only if one letter is wrong in a long word', () => {
    assert.equal(slipOf('dokcer', ['docker']), 'docker');
    assert.equal(slipOf('timestamp', ['timeout', 'timestamps']), 'timestamps');
    assert.equal(slipOf('pollScm', ['cron', 'pollSCM']), 'pollSCM');
    assert.equal(slipOf('cran', ['cron']), undefined);
    assert.equal(slipOf('gitlabPush', ['githubPush']), undefined);
  });

  it('are no slip if the name itself is known', () => {
    assert.equal(slipOf('timestamps', ['timestamp', 'timestamps']), undefined);
  });
});
