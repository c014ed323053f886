// Runs each Groovy program of a JSON list, and prints as a JSON list what it shows.
def answers = new groovy.json.JsonSlurper().parse(new File(args[0]), 'UTF-8').collect { program ->
    def shown = []
    def binding = new Binding()
    binding.setVariable('show', { shown << (it as String) })
    try {
        new GroovyShell(binding).evaluate(program as String)
    } catch (Throwable e) {
        shown << "does not run: ${e.message}".toString()
    }
    shown
}
println groovy.json.JsonOutput.toJson(answers)
