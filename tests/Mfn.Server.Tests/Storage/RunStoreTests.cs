using Google.Protobuf;
using Mfn.Contracts.Storage.V1;
using Mfn.Core.Steering;
using Mfn.Server.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Tests.Storage;

public sealed class RunStoreTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-store-");

    private string Data => Path.Combine(_folder.FullName, "a", "data");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Open_AfterCreate_HasHeaderAndInitialState()
    {
        var header = NewHeader();
        var initial = Checkpoints.Of(gridSize: 4, steps: 2);
        using (var store = OpenStore())
        {
            store.Create(header, initial).Dispose();
        }

        using var reopened = OpenStore();
        var id = Assert.Single(reopened.List());
        using var run = reopened.Open(id);

        Assert.Equal(header, run.Header);
        Assert.Equal(id, run.Id);
        Assert.Equal([new RunLogRecord { Header = header }], run.Log.ReadRecords());
        Assert.Equal([new RunPosition(2, 0)], run.Checkpoints);
        Assert.True(run.ReadLatestCheckpoint().HasSameBits(initial));
        Assert.Equal($"{header.RunId.Span[0]:x2}", id.ToString()[..2]);
    }

    [Fact]
    public void Create_NewDirectories_AreTheOwnersAlone()
    {
        using var store = OpenStore();
        using var run = store.Create(NewHeader(), Checkpoints.Of(gridSize: 4, steps: 0));
        var directories = Directory.GetDirectories(Data, "*", SearchOption.AllDirectories);
        var files = ((string[])["runs", "acknowledged"]).SelectMany(name => Directory.GetFiles(Path.Combine(Data, name), "*", SearchOption.AllDirectories)).ToList();
        const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(3, directories.Length);
        Assert.Equal(3, files.Count);
        Assert.All([Data, .. directories], directory => Assert.Equal(OwnersFile | UnixFileMode.UserExecute, new DirectoryInfo(directory).UnixFileMode));
        Assert.All(files, file => Assert.Equal(OwnersFile, new FileInfo(file).UnixFileMode));
    }

    [Fact]
    public void Create_IdThatExists_IsRefusedAndTheRunStays()
    {
        var header = NewHeader();
        using var store = OpenStore();
        store.Create(header, Checkpoints.Of(gridSize: 4, steps: 2)).Dispose();

        Assert.Throws<IOException>(() => store.Create(header, Checkpoints.Of(gridSize: 4, steps: 3)));

        using var run = store.Open(Assert.Single(store.List()));
        Assert.Equal([new RunPosition(2, 0)], run.Checkpoints);
        Assert.Single(Directory.GetDirectories(Path.Combine(Data, "runs")));
    }

    [Fact]
    public void Open_DirectoryOfAnotherServer_IsRefused()
    {
        using (OpenStore())
        {
            var error = Assert.Throws<IOException>(OpenStore);
            Assert.Contains($"{Data} cannot be used, maybe because another server does", error.Message, StringComparison.Ordinal);
        }

        OpenStore().Dispose();
    }

    [Fact]
    public void Open_RunThatIsOpen_IsRefused()
    {
        using var store = OpenStore();
        using var run = store.Create(NewHeader(), Checkpoints.Of(gridSize: 4, steps: 0));

        Assert.Throws<IOException>(() => store.Open(run.Id));
    }

    [Fact]
    public void Open_LeftoversOfACrash_AreGone()
    {
        RunId id;
        using (var store = OpenStore())
        {
            using var run = store.Create(NewHeader(), Checkpoints.Of(gridSize: 4, steps: 2));
            id = run.Id;
        }

        var runs = Path.Combine(Data, "runs");
        var half = Path.Combine(runs, RunId.Create() + ".new");
        var deleted = Path.Combine(runs, RunId.Create() + ".deleted");
        var unrelated = Path.Combine(runs, "notes.new");
        Directory.CreateDirectory(half);
        Directory.CreateDirectory(deleted);
        Directory.CreateDirectory(unrelated);
        File.Copy(Path.Combine(runs, id.ToString(), "checkpoint-2-0"), Path.Combine(half, "checkpoint-2-0"));
        File.WriteAllText(Path.Combine(runs, id.ToString(), "checkpoint-9-0.new"), "half a checkpo");

        using (var store = OpenStore())
        {
            Assert.Equal([id], store.List());
            using var run = store.Open(id);
            Assert.Equal([new RunPosition(2, 0)], run.Checkpoints);
        }

        Assert.False(Directory.Exists(half) || Directory.Exists(deleted));
        Assert.True(Directory.Exists(unrelated));
        Assert.Equal(["checkpoint-2-0", "log"], Directory.GetFiles(Path.Combine(runs, id.ToString())).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void ReadLatestCheckpoint_DamagedOnes_ArePassedOverAndLogged()
    {
        var logger = new RecordingLogger();
        using var store = new RunStore(Data, logger);
        using var run = store.Create(NewHeader(), Checkpoints.Of(gridSize: 4, steps: 0));
        foreach (var step in (int[])[3, 10, 200])
        {
            run.WriteCheckpoint(Checkpoints.Of(gridSize: 4, steps: step));
        }

        Assert.Equal(200, run.ReadLatestCheckpoint().State.Step);
        Assert.Equal(10, run.ReadLatestCheckpoint(new RunPosition(199, long.MaxValue)).State.Step);
        Assert.Empty(logger.Warnings);

        Change(run.Id, "checkpoint-200-0", bytes => bytes[^1] ^= 1);
        File.Copy(PathOf(run.Id, "checkpoint-3-0"), PathOf(run.Id, "checkpoint-10-0"), overwrite: true);

        Assert.Equal(3, run.ReadLatestCheckpoint().State.Step);
        Assert.Equal(2, logger.Warnings.Count);
        Assert.Matches("checkpoint-200-0 of run .* its checksum is wrong", logger.Warnings[0]);
        Assert.Matches("checkpoint-10-0 of run .* is that of step 3", logger.Warnings[1]);
    }

    [Fact]
    public void ReadLatestCheckpoint_AllDamaged_SaysWhy()
    {
        using var store = OpenStore();
        using var run = store.Create(NewHeader(), Checkpoints.Of(gridSize: 4, steps: 0));
        Change(run.Id, "checkpoint-0-0", bytes => bytes[0] ^= 1);

        var error = Assert.Throws<RunDamagedException>(() => run.ReadLatestCheckpoint());
        Assert.Contains("no usable checkpoint. These bytes are not a checkpoint", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DeleteCheckpointsExcept_Some_KeepsThemAndTheFirst()
    {
        using var store = OpenStore();
        using var run = store.Create(NewHeader(), Checkpoints.Of(gridSize: 4, steps: 1));
        using var simulation = SteeredSimulation.Restore(Checkpoints.Of(gridSize: 4, steps: 10));
        run.WriteCheckpoint(simulation.Capture());
        simulation.Apply(new ParameterChange { Alpha = 0.1 });
        run.WriteCheckpoint(simulation.Capture());
        run.WriteCheckpoint(Checkpoints.Of(gridSize: 4, steps: 9));
        Assert.Equal([new(10, 1), new(10, 0), new(9, 0), new(1, 0)], run.Checkpoints);

        run.DeleteCheckpointsExcept([new RunPosition(10, 0)]);

        Assert.Equal([new(10, 0), new(1, 0)], run.Checkpoints);
    }

    [Fact]
    public void Delete_Run_IsGone()
    {
        using var store = OpenStore();
        var run = store.Create(NewHeader(), Checkpoints.Of(gridSize: 4, steps: 0));
        run.Dispose();

        store.Delete(run.Id);
        store.Delete(run.Id);

        Assert.Empty(store.List());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(Data, "runs")));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(Data, "acknowledged")));
        Assert.ThrowsAny<IOException>(() => store.Open(run.Id));
    }

    [Fact]
    public void Open_TornLog_IsSetAsideAndLogged()
    {
        var logger = new RecordingLogger();
        using var store = new RunStore(Data, logger);
        var run = store.Create(NewHeader(), Checkpoints.Of(gridSize: 4, steps: 0));
        run.Log.Append([new RunLogRecord { Horizon = new Horizon { Step = 5 } }]);
        run.Dispose();
        File.AppendAllText(PathOf(run.Id, "log"), "torn");

        using var reopened = store.Open(run.Id);

        Assert.Equal(2, reopened.Log.ReadRecords().Count());
        Assert.Matches("The log of run .* ended in 4 bytes of an append that was not acknowledged; they are in .*log.torn-1", Assert.Single(logger.Warnings));
    }

    [Fact]
    public void Open_LogOfAnotherRun_IsRefused()
    {
        using var store = OpenStore();
        using var other = store.Create(NewHeader(), Checkpoints.Of(gridSize: 4, steps: 0));
        var run = store.Create(NewHeader(), Checkpoints.Of(gridSize: 4, steps: 0));
        run.Dispose();
        other.Dispose();
        File.Copy(PathOf(other.Id, "log"), PathOf(run.Id, "log"), overwrite: true);
        Assert.Contains("is another log", Assert.Throws<RunDamagedException>(() => store.Open(run.Id)).Message, StringComparison.Ordinal);

        File.Copy(MarkOf(other.Id), MarkOf(run.Id), overwrite: true);
        var error = Assert.Throws<RunDamagedException>(() => store.Open(run.Id));
        Assert.Contains("that of another run", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_SecondHeader_IsRefused()
    {
        using var store = OpenStore();
        var run = store.Create(NewHeader(), Checkpoints.Of(gridSize: 4, steps: 0));
        run.Log.Append([new RunLogRecord { Header = run.Header }]);
        run.Dispose();

        var error = Assert.Throws<RunDamagedException>(() => store.Open(run.Id));
        Assert.Contains("must begin with the run's header, and have no other", error.Message, StringComparison.Ordinal);
    }

    internal static RunHeader NewHeader() => new()
    {
        RunId = ByteString.CopyFrom(RunId.Create().Value.ToByteArray(bigEndian: true)),
        CreatedUnixSeconds = 1_700_000_000,
        Epoch = ulong.MaxValue,
        TokenSecret = ByteString.CopyFrom(new byte[16]),
        HistorySteps = 1000,
    };

    private RunStore OpenStore() => new(Data, NullLogger<RunStore>.Instance);

    private string PathOf(RunId id, string file) => Path.Combine(Data, "runs", id.ToString(), file);

    private string MarkOf(RunId id) => Path.Combine(Data, "acknowledged", id.ToString());

    private void Change(RunId id, string file, Action<byte[]> change)
    {
        var bytes = File.ReadAllBytes(PathOf(id, file));
        change(bytes);
        File.WriteAllBytes(PathOf(id, file), bytes);
    }

    private sealed class RecordingLogger : ILogger<RunStore>
    {
        public List<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Warnings.Add(formatter(state, exception));
    }
}
