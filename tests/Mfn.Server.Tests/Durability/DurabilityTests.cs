using System.Globalization;
using Mfn.Contracts.V1;
using Mfn.Server.Storage;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Storage;

namespace Mfn.Server.Tests.Durability;

/// <summary>
/// Whatever happens to one file of a run while no server uses it: the next server has every acknowledged command exactly once, or leaves the run alone
/// and says so. DURABILITY_CASES says how many damages are tried, half of them at random offsets; 100 if it is not set. From 1000 on
/// all of them are at random offsets, and each kind is tried at every append's boundary and on every file besides.
/// </summary>
public sealed class DurabilityTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-durability-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Start_OneFileDamaged_HasEveryCommandOnceOrLeavesTheRunAlone()
    {
        var randomCount = int.Parse(Environment.GetEnvironmentVariable("DURABILITY_CASES") ?? "100", CultureInfo.InvariantCulture);
        DurableHistory[] histories =
        [
            await DurableHistory.CreateAsync(_folder.FullName, "killed", isKilled: true, seed: 1),
            await DurableHistory.CreateAsync(_folder.FullName, "stopped", isKilled: false, seed: 2),
        ];
        var random = new Random(randomCount);
        var isWhole = randomCount >= 1000;
        var (takenUp, leftAlone) = (0, 0);
        foreach (var history in histories)
        {
            Assert.True(await TryAsync(history, null), $"{history.Name}: the run was left alone though nothing had happened to it.");
            var boundaries = AtBoundaries(history, random).ToList();
            var whole = WholeFiles(history, random).ToList();
            IEnumerable<Damage> damages =
            [
                .. isWhole ? [.. whole, .. boundaries] : random.GetItems<Damage>([.. whole, .. boundaries], randomCount / 4),
                .. Enumerable.Range(0, isWhole ? randomCount / 2 : randomCount / 4).Select(_ => AtRandom(history, random)),
            ];
            foreach (var damage in damages)
            {
                if (await TryAsync(history, damage))
                {
                    takenUp++;
                }
                else
                {
                    leftAlone++;
                }
            }
        }

        // Else nothing would have been shown.
        Assert.InRange(takenUp, 1, int.MaxValue);
        Assert.InRange(leftAlone, 1, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"{takenUp} taken up, {leftAlone} left alone");
    }

    /// <summary>A copy of the run's folder of some time ago, put back, would go on in another way under the same positions.</summary>
    [Fact]
    public async Task Start_FolderReplacedByAnOlderCopy_LeavesTheRunAlone()
    {
        var history = await DurableHistory.CreateAsync(_folder.FullName, "folder", isKilled: false, seed: 3);
        var run = Path.Combine(RunStore.RunsName, history.RunId);
        Directory.Delete(Path.Combine(history.Data, run), recursive: true);
        DurableHistory.Copy(Path.Combine(history.Older, run), Path.Combine(history.Data, run));

        await using var server = await TestServer.StartAsync($"Runs:DataDirectory={history.Data}");

        var found = (await server.Runs.GetRunAsync(new GetRunRequest { RunId = history.RunId })).Run;
        Assert.Equal(RunState.Damaged, found.State);
        Assert.Contains("all were acknowledged", found.Failure, StringComparison.Ordinal);
    }

    private static IEnumerable<Damage> AtBoundaries(DurableHistory history, Random random) =>
        from boundary in history.AppendBoundaries
        from kind in Damage.KindsAtAnOffset
        select new Damage(kind, history.LogFile, boundary, random.Next());

    private static IEnumerable<Damage> WholeFiles(DurableHistory history, Random random) =>
        from file in history.Files
        from kind in Enum.GetValues<DamagedFile>().Except(Damage.KindsAtAnOffset)
        select new Damage(kind, file, 0, random.Next());

    private static Damage AtRandom(DurableHistory history, Random random)
    {
        var file = random.Next(3) > 0 ? history.LogFile : history.Files[random.Next(history.Files.Count)];
        var length = (int)new FileInfo(Path.Combine(history.Data, file)).Length;
        return new Damage(Damage.KindsAtAnOffset[random.Next(Damage.KindsAtAnOffset.Count)], file, random.Next(length + 1), random.Next());
    }

    /// <summary>Fails unless it is as promised; returns whether the run was taken up.</summary>
    private async Task<bool> TryAsync(DurableHistory history, Damage? damage)
    {
        var data = Path.Combine(_folder.FullName, "case");
        DurableHistory.Copy(history.Data, data);
        try
        {
            using var held = damage?.ApplyTo(data, history.Older);
            return await StartAsync(history, data, damage);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{history.Name}, {damage}: {error.Message}", error);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<bool> StartAsync(DurableHistory history, string data, Damage? damage)
    {
        var before = Read(data, history, damage);
        bool isTakenUp;
        await using (var server = await TestServer.StartAsync($"Runs:DataDirectory={data}"))
        {
            using var otherSteer = server.Runs.SteerRun();
            Assert.Null((await DurableHistory.SendAsync(otherSteer, history.OtherRunId, Change("other"))).Refused);
            var run = (await server.Runs.GetRunAsync(new GetRunRequest { RunId = history.RunId }).ResponseAsync.Within()).Run;
            isTakenUp = run.State != RunState.Damaged;
            Assert.Equal(isTakenUp, run.Failure.Length == 0);
            if (isTakenUp)
            {
                // Nothing has been let go of yet but the append that was torn.
                AssertNothingLost(before, Read(data, history, damage));
                await AssertHasAllAsync(history, server);
            }
        }

        if (!isTakenUp)
        {
            Assert.Equal(before.Keys.Order(StringComparer.Ordinal), Read(data, history, damage).Keys.Order(StringComparer.Ordinal));
            AssertNothingLost(before, Read(data, history, damage));
        }

        return isTakenUp;
    }

    private static async Task AssertHasAllAsync(DurableHistory history, TestServer server)
    {
        using var steer = server.Runs.SteerRun();
        foreach (var (command, applied) in history.Acknowledged)
        {
            var answer = await DurableHistory.SendAsync(steer, history.RunId, command);
            Assert.Null(answer.Refused);
            var again = answer.Applied;
            Assert.True(again.AlreadyApplied, $"{command.CommandId} was applied again.");
            Assert.Equal((applied.Step, applied.Revision), (again.Step, again.Revision));
        }

        using var export = server.Runs.ExportRun(new ExportRunRequest { RunId = history.RunId });
        using var bytes = new MemoryStream();
        while (await export.ResponseStream.MoveNext(CancellationToken.None).Within())
        {
            export.ResponseStream.Current.Chunk.WriteTo(bytes);
        }

        var state = Checkpoints.Decode(bytes.ToArray());
        Assert.InRange(state.State.Step, history.Acknowledged[^1].Applied.Step, int.MaxValue);
        Assert.True(state.HasSameBits(history.StateAt(state.State.Step)), $"Step {state.State.Step}, revision {state.Revision} has other bits.");
        var next = (await DurableHistory.SendAsync(steer, history.RunId, Change("next"))).Applied;
        Assert.Equal((state.Revision + 1, false), (next.Revision, next.AlreadyApplied));
    }

    private static RunCommand Change(string id) => new() { CommandId = id, ChangeParameters = new ChangeParameters { Alpha = 0.1 } };

    /// <summary>What is in the run's files but the mark, which tells how far another one goes and is written in place. A folder or a dangling link has nothing.</summary>
    private static Dictionary<string, byte[]> Read(string data, DurableHistory history, Damage? damage)
    {
        var contents = new Dictionary<string, byte[]>();
        foreach (var path in Directory.GetFileSystemEntries(Path.Combine(data, RunStore.RunsName, history.RunId)))
        {
            var isLocked = damage is { Kind: DamagedFile.Locked } && Path.Combine(data, damage.File) == path;
            contents[Path.GetFileName(path)] = File.Exists(path) && !isLocked ? ReadInUse(path) : [];
        }

        return contents;
    }

    private static byte[] ReadInUse(string path)
    {
        // Whatever lock the server has on it.
        var start = new System.Diagnostics.ProcessStartInfo("cat", [path]) { RedirectStandardOutput = true };
        using var reading = System.Diagnostics.Process.Start(start)!;
        using var bytes = new MemoryStream();
        reading.StandardOutput.BaseStream.CopyTo(bytes);
        reading.WaitForExit();
        return bytes.ToArray();
    }

    /// <summary>Each file has what it had, and maybe more; of the log the end may be in a file of its own.</summary>
    private static void AssertNothingLost(Dictionary<string, byte[]> before, Dictionary<string, byte[]> after)
    {
        foreach (var (name, bytes) in before)
        {
            var now = after.GetValueOrDefault(name, []);
            var aside = after.Where(file => !before.ContainsKey(file.Key) && file.Key.StartsWith(name + ".torn-", StringComparison.Ordinal)).Select(file => file.Value).SingleOrDefault([]);
            var kept = bytes.Length - aside.Length;
            Assert.True(now.AsSpan().StartsWith(bytes.AsSpan(0, kept)) && bytes.AsSpan(kept).SequenceEqual(aside), $"{name} has lost some of its {bytes.Length} bytes.");
        }
    }
}
