using Google.Protobuf;
using Mfn.Contracts.Storage.V1;
using Mfn.Contracts.V1;
using Mfn.Server.Files;
using Mfn.Server.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using RunCommand = Mfn.Contracts.V1.RunCommand;

namespace Mfn.Server.Tests.Storage;

/// <summary>Every state that a crash can leave of a log that is written anew, and of the append that follows.</summary>
public sealed class RunLogCompactionTests : IDisposable
{
    private const int LongHorizonCount = 32;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-compaction-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Open_CrashAtAnyMoment_HasEveryCommandAndTheLastHorizon()
    {
        var (before, mark, after, header) = Compact(out var id);
        RunLogRecord[] acknowledged = [header, Command(1), Command(2), Horizon(40)];

        // What the file had before the append that came last, which nobody was told of.
        var compacted = after[..^FrameLength(Command(3))];
        Assert.True(before.Length > RunLog.MinCompactionLength && compacted.Length < 1000);
        for (var length = 0; length <= compacted.Length; length++)
        {
            Check(before, compacted[..length], mark, id, acknowledged);
        }

        // It has been renamed; then the append is written.
        for (var length = compacted.Length; length < after.Length; length++)
        {
            Check(after[..length], null, mark, id, acknowledged);
        }

        Check(after, null, mark, id, [.. acknowledged, Command(3)]);
    }

    /// <summary>A store with the run's files as given, in a new process as it were.</summary>
    private void Check(byte[] log, byte[]? half, byte[] mark, RunId id, RunLogRecord[] expected)
    {
        File.WriteAllBytes(LogOf(id), log);
        File.WriteAllBytes(MarkOf(id), mark);
        if (half is not null)
        {
            File.WriteAllBytes(LogOf(id) + DurableFiles.TemporarySuffix, half);
        }

        using (var store = OpenStore())
        {
            using var run = store.Open(Assert.Single(store.List()));
            Assert.False(File.Exists(LogOf(id) + DurableFiles.TemporarySuffix));
            Assert.Equal(expected, WithoutSuperseded(run.Log));
            run.Log.Append([Command(4)]);
            Assert.Equal([.. expected, Command(4)], WithoutSuperseded(run.Log));
        }

        // Whether the log was to be written anew or had been, it is now.
        using var reopened = OpenStore();
        using var again = reopened.Open(id);
        Assert.Equal([.. expected, Command(4)], again.Log.ReadRecords());
    }

    /// <summary>Lets a log be written anew; returns it as it was before, and as it is after the append with which that came.</summary>
    private (byte[] Before, byte[] Mark, byte[] After, RunLogRecord Header) Compact(out RunId id)
    {
        var header = RunStoreTests.NewHeader();
        using (var store = OpenStore())
        {
            using var run = store.Create(header, Checkpoints.Of(gridSize: 4, steps: 0));
            id = run.Id;
            run.Log.Append([Command(1)]);
            for (var step = 1; step < LongHorizonCount; step++)
            {
                run.Log.Append([LongHorizon(step)]);
            }

            // With the last one just so long that the next append comes with a new file.
            run.Log.Append([Command(2)]);
            const int SomePadding = 30_000;
            var padding = RunLog.MinCompactionLength - run.Log.Length - FrameLength(LongHorizon(LongHorizonCount, SomePadding)) + SomePadding;
            run.Log.Append([LongHorizon(LongHorizonCount, (int)padding)]);
            Assert.Equal(RunLog.MinCompactionLength, run.Log.Length);
            run.Log.Append([Horizon(40)]);
        }

        var before = File.ReadAllBytes(LogOf(id));
        var mark = File.ReadAllBytes(MarkOf(id));
        using (var store = OpenStore())
        {
            using var run = store.Open(id);
            run.Log.Append([Command(3)]);
        }

        return (before, mark, File.ReadAllBytes(LogOf(id)), new RunLogRecord { Header = header });
    }

    private RunStore OpenStore() => new(_folder.FullName, NullLogger<RunStore>.Instance);

    private string LogOf(RunId id) => Path.Combine(_folder.FullName, "runs", id.ToString(), "log");

    private string MarkOf(RunId id) => Path.Combine(_folder.FullName, RunStore.MarksName, id.ToString());

    /// <summary>The records but for those that a later one makes void.</summary>
    private static IEnumerable<RunLogRecord> WithoutSuperseded(RunLog log)
    {
        var records = log.ReadRecords().ToList();
        var last = records.FindLastIndex(record => record.Horizon is not null);
        return records.Where((record, i) => record.Horizon is null || i == last);
    }

    private static int FrameLength(RunLogRecord record) => AppendHeader.Length + new RunLogAppend { Records = { record } }.CalculateSize();

    private static RunLogRecord Horizon(long step) => new() { Horizon = new Horizon { Step = step } };

    /// <summary>A horizon with a field that this version does not know.</summary>
    private static RunLogRecord LongHorizon(long step, int padding = RunLog.MinCompactionLength / LongHorizonCount)
    {
        var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            output.WriteTag(1000, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(new byte[padding]));
        }

        var horizon = Contracts.Storage.V1.Horizon.Parser.ParseFrom(bytes.ToArray());
        horizon.Step = step;
        return new RunLogRecord { Horizon = horizon };
    }

    private static RunLogRecord Command(long revision) => new()
    {
        AppliedCommand = new AppliedCommand { Command = new RunCommand { CommandId = $"c{revision}", Pause = new Pause() }, Step = 5, Revision = revision },
    };
}
