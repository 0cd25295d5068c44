using System.Diagnostics;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Cli;

/// <summary>The real executable, in a process of its own.</summary>
internal sealed class MfnProcess : IDisposable
{
    private readonly Process _process;

    private MfnProcess(IReadOnlyDictionary<string, string> environment, string[] arguments, params string[] prefix)
    {
        string[] command = [.. prefix, "dotnet", Path.Combine(AppContext.BaseDirectory, "mfn.dll"), .. arguments];
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in command[1..])
        {
            start.ArgumentList.Add(argument);
        }

        // The contexts of whoever runs the tests are not theirs.
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(AppContext.BaseDirectory, "no-config");
        if (arguments is ["serve", ..])
        {
            // Of many servers at once only one could have the usual port.
            start.Environment["MFN_Metrics__Url"] = "off";
            start.Environment["MFN_Web__Url"] = "off";
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        Error = _process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    /// <summary>All of standard error, at the end.</summary>
    public Task<string> Error { get; }

    public Stream Input => _process.StandardInput.BaseStream;

    public StreamReader Output => _process.StandardOutput;

    public static MfnProcess Start(params string[] arguments) => new(new Dictionary<string, string>(), arguments);

    /// <summary>Starts a command with more in its environment.</summary>
    public static MfnProcess Start(IReadOnlyDictionary<string, string> environment, string[] arguments) => new(environment, arguments);

    /// <summary>Starts a command whose files may not become larger.</summary>
    public static MfnProcess StartLimited(int maxFileKibibytes, params string[] arguments)
    {
        // With it the runtime keeps its code in a file of its own that is larger than the limit.
        var environment = new Dictionary<string, string> { ["DOTNET_EnableWriteXorExecute"] = "0" };
        return new MfnProcess(environment, arguments, "bash", "-c", $"trap '' XFSZ; ulimit -f {maxFileKibibytes}; exec \"$@\"", "bash");
    }

    /// <summary>Starts a command by a line of a shell, which has it as "$@".</summary>
    public static MfnProcess StartInShell(string line, string[] arguments) => new(new Dictionary<string, string>(), arguments, "bash", "-c", line, "bash");

    /// <summary>Starts a command whose standard error goes to a file.</summary>
    public static MfnProcess StartWithError(string file, params string[] arguments) => StartWithError(file, new Dictionary<string, string>(), arguments);

    /// <summary>The same with more in its environment.</summary>
    public static MfnProcess StartWithError(string file, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        new(environment, arguments, "bash", "-c", $"exec \"$@\" 2>{file}", "bash");

    /// <summary>Runs a command to its end.</summary>
    public static Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) =>
        RunAsync(new Dictionary<string, string>(), arguments);

    /// <summary>Runs a command to its end, with more in its environment.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        using var process = new MfnProcess(environment, arguments);
        var output = await process.Output.ReadToEndAsync().Within();
        return (await process.ExitCodeAsync(), output, await process.Error);
    }

    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync().Within();
        return _process.ExitCode;
    }

    /// <summary>Asks it to end.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Ends it as a power cut would: it gets no chance to do anything more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().Within();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
