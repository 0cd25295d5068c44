using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Mfn.Cli;

/// <summary>What <c>mfn --version</c> prints: the version, the commit that it was built from if that is known, and the runtime that it runs on.</summary>
internal sealed class VersionText : SynchronousCommandLineAction
{
    private const int CommitLength = 12;

    // Somebody who asks for the version has no use for an error about the rest.
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine(Create());
        return ExitCode.Success;
    }

    private static string Create()
    {
        var version = typeof(VersionText).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+', 2);
        var commit = version.Length > 1 ? $"commit {version[1][..Math.Min(CommitLength, version[1].Length)]}, " : "";
        return $"mfn {version[0]} ({commit}{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier})";
    }
}
