import assert from 'node:assert/strict';
import { stageEnvironment } from '../../../src/editor/logs/stageEnvironment';

const JENKINSFILE = `pipeline {
  agent any
  environment {
    MEMORY = '4096'
    SUITE = 'all'
    KEY = credentials('key')
    WHERE = 'here'
  }
  stages {
    stage('Test') {
      environment { SUITE = "unit-\${MEMORY}" }
      parallel {
        stage('VM') {
          environment {
            CPUS = 2
            WHERE = sh(script: 'pwd', returnStdout: true)
          }
          steps { sh 'make' }
        }
        stage('Other') {
          environment { CPUS = 8 }
          steps { sh 'make' }
        }
      }
    }
  }
}
`;

describe('what a Jenkinsfile gives to a stage', () => {
  const told = (...path: string[]) =>
    stageEnvironment(JENKINSFILE, path).map(
      ({ name, value, from }) => `${name}=${value} (${from})`,
    );

  it('is what stands in the blocks around it, the innermost first of all, without credentials', () => {
    assert.deepEqual(told('Test', 'VM'), [
      'MEMORY=4096 (environment of the pipeline)',
      'SUITE=unit-4096 (environment of stage Test)',
      'CPUS=2 (environment of stage Test / VM)',
    ]);
  });

  it('is that of the pipeline where no stage is known, and nothing of what is no Jenkinsfile', () => {
    assert.deepEqual(told(), [
      'MEMORY=4096 (environment of the pipeline)',
      'SUITE=all (environment of the pipeline)',
      'WHERE=here (environment of the pipeline)',
    ]);
    assert.deepEqual(stageEnvironment('}{ "', ['Test']), []);
  });
});
