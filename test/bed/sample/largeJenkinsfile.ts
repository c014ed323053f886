/**
 * A Jenkinsfile of about a thousand lines as a systems project has it: kernels in a matrix, suites in
 * parallel, a virtual machine for each. It is the same each time, and Jenkins would accept it.
 */
export function largeJenkinsfile(): string {
  return [
    ...head,
    ...suites.flatMap((suite, at) => suiteStage(suite, at)),
    ...kernelMatrix,
    "    stage('Benchmarks') {",
    '        parallel {',
    ...benchmarks.flatMap(benchmarkBranch),
    '        }',
    '    }',
    ...tail,
  ].join('\n');
}

const head = `#!groovy
// The pipeline of a network stack: every suite in a machine of its own.
def suiteTimeout = 30

pipeline {
    agent {
        label 'vagrant'
    }
    parameters {
        string(name: 'MEMORY', defaultValue: '2048', description: 'Memory of a guest in MiB')
        booleanParam(name: 'KEEP_GOING', defaultValue: false, description: 'Do not stop at the first failure')
        choice(name: 'PROVIDER', choices: ['libvirt', 'virtualbox'], description: 'Who makes the guests')
    }
    environment {
        PROJ_PATH = 'src/github.com/example/netstack'
        MEMORY = '4096'
        GUEST_IMAGE = "netstack/\${PROJ_PATH}:\${BUILD_NUMBER}"
        REGISTRY = credentials('registry-robot')
    }
    options {
        timeout(time: 4, unit: 'HOURS')
        timestamps()
        buildDiscarder(logRotator(numToKeepStr: '30'))
    }
    stages {`.split('\n');

const suites = [
  'policy',
  'datapath',
  'loadbalancer',
  'encryption',
  'ipam',
  'conntrack',
  'hostfirewall',
  'egressgateway',
  'clustermesh',
  'hubble',
  'kvstore',
  'bandwidth',
  'nodeport',
  'fqdn',
  'srv6',
  'wireguard',
];

function suiteStage(suite: string, at: number): string[] {
  return `
    // ${suite}: guests ${at * 3 + 1} to ${at * 3 + 3}
    stage('Suite ${suite}') {
        environment {
            RUN_TEST_SUITE = '${at + 1}'
            SUITE = '${suite}'
            RESULTS = "results/\${SUITE}/\${RUN_TEST_SUITE}"
        }
        options {
            timeout(time: ${20 + at}, unit: 'MINUTES')
        }
        when {
            anyOf {
                branch 'master'
                changeset '${suite}/**'
            }
        }
        stages {
            stage('${suite}: boot') {
                steps {
                    sh './contrib/vagrant/start.sh'
                    sh """
                        for guest in 1 2 3; do
                            vagrant ssh ${suite}-\\$guest -c 'uname -r'
                        done
                    """
                }
            }
            stage('${suite}: test') {
                steps {
                    retry(2) {
                        sh "make -C test/${suite} SUITE=\${SUITE} OUT=\${RESULTS}"
                    }
                    script {
                        def log = readFile "\${RESULTS}/summary.txt"
                        if (log.contains('BUG:')) {
                            error "the kernel of \${SUITE} complained"
                        }
                    }
                }
                post {
                    always {
                        junit testResults: "results/${suite}/**/*.xml", allowEmptyResults: true
                        archiveArtifacts artifacts: 'results/${suite}/**', allowEmptyArchive: true
                    }
                }
            }
        }
        post {
            cleanup {
                sh 'vagrant destroy -f'
            }
        }
    }`.split('\n');
}

const kernelMatrix = `
    stage('Kernels') {
        matrix {
            axes {
                axis {
                    name 'KERNEL'
                    values '4.19', '5.4', '5.10', '5.15', '6.1'
                }
                axis {
                    name 'MODE'
                    values 'veth', 'ipvlan'
                }
            }
            excludes {
                exclude {
                    axis {
                        name 'KERNEL'
                        values '4.19'
                    }
                    axis {
                        name 'MODE'
                        values 'ipvlan'
                    }
                }
            }
            stages {
                stage('Verify') {
                    steps {
                        sh './test/kernels/verify.sh "$KERNEL" "$MODE"'
                    }
                }
            }
        }
    }`.split('\n');

const benchmarks = ['throughput', 'latency', 'connections', 'churn', 'memory', 'startup'];

function benchmarkBranch(name: string): string[] {
  return `            stage('Benchmark ${name}') {
                agent { label 'baremetal' }
                steps {
                    lock('baremetal-${name}') {
                        timeout(time: 15, unit: 'MINUTES') {
                            sh 'perf stat -o ${name}.txt -- ./test/bench/${name}.sh'
                        }
                    }
                    stash name: '${name}', includes: '${name}.txt'
                }
            }`.split('\n');
}

const tail = `    }
    post {
        unsuccessful {
            mail to: 'ci@example.org', subject: "\${JOB_NAME} #\${BUILD_NUMBER}", body: env.BUILD_URL
        }
        always {
            sh 'vagrant destroy -f'
        }
    }
}
`.split('\n');
