using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Mfn.Cli.Flags;

namespace Mfn.Cli;

/// <summary>The usual help, followed by the command's examples, which are found by its path below <c>mfn</c>.</summary>
internal sealed class HelpWithExamples(HelpAction help, IReadOnlyDictionary<string, string> examples) : SynchronousCommandLineAction
{
    // Help is for those who do not know yet which options are required.
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var exitCode = help.Invoke(parseResult);
        if (examples.TryGetValue(ParseProblems.PathOf(parseResult)["mfn".Length..].TrimStart(), out var text))
        {
            parseResult.InvocationConfiguration.Output.WriteLine(text);
        }

        return exitCode;
    }
}
