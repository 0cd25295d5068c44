using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Mfn.Contracts.Storage.V1;
using Mfn.Contracts.V1;
using Mfn.Server.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Runner.InProc.SystemConsole;

namespace Mfn.Server.Tests.Storage;

/// <summary>
/// This assembly as a program: it runs the tests, or uses a data directory in a process that can be killed, or that may write only small files.
/// </summary>
internal static class StorageProcess
{
    private const string AppendForEver = "append-for-ever";
    private const string AppendTooMuch = "append-too-much";

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [AppendForEver or AppendTooMuch, _])
        {
            return await ConsoleRunner.Run(arguments);
        }

        using var store = new RunStore(arguments[1], NullLogger<RunStore>.Instance);
        using var run = store.Create(RunStoreTests.NewHeader(), Checkpoints.Of(gridSize: 8, steps: 0));
        switch (arguments[0])
        {
            case AppendForEver:
                for (var step = 1; ; step++)
                {
                    run.Log.Append([Horizon(step)]);
                    Console.WriteLine(step.ToString(CultureInfo.InvariantCulture));
                    run.WriteCheckpoint(Checkpoints.Of(gridSize: 8, steps: step));
                }

            default:
                run.Log.Append([Horizon(1)]);
                Report(() => run.Log.Append([Horizon(-1), LongCommand()]));
                Report(() => run.WriteCheckpoint(Checkpoints.Of(gridSize: 128, steps: 1)));
                run.Log.Append([Horizon(2)]);
                run.WriteCheckpoint(Checkpoints.Of(gridSize: 8, steps: 2));
                Report(() => store.Create(RunStoreTests.NewHeader(), Checkpoints.Of(gridSize: 128, steps: 0)));
                return 0;
        }
    }

    /// <summary>A process that appends horizons 1, 2, … and writes checkpoints, until it is killed; it prints each horizon when it is durable.</summary>
    public static Process StartAppending(string data) => Start("exec \"$@\"", AppendForEver, data);

    /// <summary>A process whose files may have 64 KiB, and that wants to write larger ones; it prints what it is told.</summary>
    public static Process StartAppendingTooMuch(string data) => Start("trap '' XFSZ; ulimit -f 64; exec \"$@\"", AppendTooMuch, data);

    private static Process Start(string script, string scenario, string data)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true };
        foreach (var argument in (string[])["-c", script, "bash", "dotnet", typeof(StorageProcess).Assembly.Location, scenario, data])
        {
            start.ArgumentList.Add(argument);
        }

        // With it the runtime keeps its code in a file of its own that is larger than the limit.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        return Process.Start(start)!;
    }

    private static RunLogRecord Horizon(long step) => new() { Horizon = new Horizon { Step = step } };

    private static RunLogRecord LongCommand() => new()
    {
        AppliedCommand = new AppliedCommand
        {
            Command = new RunCommand { ReplacePotential = new Field { Values = ByteString.CopyFrom(new byte[100_000]) } },
        },
    };

    private static void Report(Action write)
    {
        try
        {
            write();
            Console.WriteLine("written");
        }
        catch (IOException error)
        {
            Console.WriteLine(error.Message);
        }
    }
}
