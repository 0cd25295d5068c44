using Mfn.Cli;

namespace Mfn.Server.Tests.Cli;

/// <summary>The command line within this process, where streams and signals do not matter.</summary>
internal static class InProcess
{
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var exitCode = await MfnCommand.RunAsync(arguments, TextWriter.Synchronized(output), TextWriter.Synchronized(error));
        return (exitCode, output.ToString(), error.ToString());
    }
}
