using System.Text;
using Mfn.Server.Audit;
using Mfn.Server.Identity;

namespace Mfn.Server.Tests.Audit;

/// <summary>The files of a log: what is in them can be checked, and what is done to them is found.</summary>
public sealed class AuditFileTests : IDisposable
{
    private const int Unlimited = 1 << 20;

    private readonly AuditFolder _folder = new();

    public static TheoryData<string> Tampering => ["change", "change the last byte", "remove", "insert the same", "insert another", "swap with the next", "swap with a later one"];

    [Fact]
    public void Lines_AreChainedAcrossFilesAndProcesses()
    {
        Write(count: 40, maxBytes: 4096);
        Write(count: 40, maxBytes: 4096);
        Write(count: 1, maxBytes: 4096);

        Assert.InRange(_folder.Files.Count, 4, 40);
        Assert.Equal(Enumerable.Range(1, 81).Select(i => (long)i), _folder.Lines.Select(line => line.GetProperty("seq").GetInt64()));
        var verification = AuditVerification.OfLog(_folder.Path);
        Assert.Equal((null, 81, 1, 81), (verification.Problem, verification.LineCount, verification.FirstNumber, verification.Last.Number));
        Assert.True(verification.IsEndKnown);
        Assert.Equal(_folder.Files, verification.Files);
    }

    /// <summary>What a shell can do as well: sha256sum of a line is in the next one.</summary>
    [Fact]
    public void Line_HasTheHashOfTheBytesBefore()
    {
        Write(count: 3);

        var lines = File.ReadAllText(_folder.Path).Split('\n');
        Assert.Equal(new string('0', 64), _folder.Lines[0].GetProperty("prev").GetString());
        Assert.Equal(Sha256(lines[0] + "\n"), _folder.Lines[1].GetProperty("prev").GetString());
        Assert.Equal(Sha256(lines[1] + "\n"), _folder.Lines[2].GetProperty("prev").GetString());
        Assert.EndsWith("\"}", lines[0], StringComparison.Ordinal);

        static string Sha256(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>At each line of three files.</summary>
    [Theory, MemberData(nameof(Tampering))]
    public void Tampering_WithASingleLine_IsFoundWhereItIs(string what)
    {
        Write(count: 40, maxBytes: 4096);
        var lines = _folder.Files.Select(file => (File: file, Lines: File.ReadAllLines(file))).ToArray();
        Assert.InRange(lines.Length, 3, 10);

        var before = 0;
        foreach (var (file, whole) in lines)
        {
            for (var i = 0; i < whole.Length; i++)
            {
                if (Tamper(whole, i, what) is not { } tampered)
                {
                    continue;
                }

                File.WriteAllText(file, string.Concat(tampered.Select(line => line + "\n")));
                var verification = AuditVerification.OfLog(_folder.Path);

                Assert.True(verification.Problem is not null, $"{what} at line {i + 1} of {file} was not found.");
                Assert.InRange(verification.LineCount, before + i, before + i + 1);
            }

            File.WriteAllText(file, string.Concat(whole.Select(line => line + "\n")));
            before += whole.Length;
        }

        Assert.Null(AuditVerification.OfLog(_folder.Path).Problem);
    }

    [Fact]
    public void FileInTheMiddle_ThatIsRemoved_IsMissed()
    {
        Write(count: 40, maxBytes: 4096);

        File.Delete(_folder.Files[1]);

        var verification = AuditVerification.OfLog(_folder.Path);
        Assert.Contains("lines are missing", verification.Problem, StringComparison.Ordinal);
        Assert.Equal((_folder.Files[1], 1), (verification.ProblemFile, verification.ProblemLine));
    }

    /// <summary>The chain alone could not tell that.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void LastLines_ThatAreRemoved_AreMissedByTheHeadAndByTheNextServer(int count)
    {
        Write(count: 10);
        File.WriteAllLines(_folder.Path, File.ReadAllLines(_folder.Path)[..^count]);

        var verification = AuditVerification.OfLog(_folder.Path);
        Assert.Equal($"The log ends with number {10 - count}, but went up to 10 at least: lines were cut off.", verification.Problem);

        using (var next = Open(out var opening))
        {
            Assert.Contains(("missing", (object)(long)count), opening);
            next.Add(Event());
            next.Write();
            next.Flush();
        }

        Assert.Contains("has the number 11", AuditVerification.OfLog(_folder.Path).Problem, StringComparison.Ordinal);
    }

    /// <summary>Without the head, what was noted of an earlier state finds it.</summary>
    [Fact]
    public void KnownLine_ThatIsNotThere_IsAProblem()
    {
        Write(count: 10);
        var known = AuditVerification.OfLog(_folder.Path).Last;
        Write(count: 10);
        Assert.Null(AuditVerification.OfLog(_folder.Path, known).Problem);

        File.Delete(_folder.Path);
        File.Delete(new AuditFileSet(_folder.Path).Head);
        Write(count: 30, rpc: "mfn.v1.RunService/ListRuns");

        Assert.Null(AuditVerification.OfLog(_folder.Path).Problem);
        Assert.Contains("known to have been there", AuditVerification.OfLog(_folder.Path, known).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(5000)]
    public void LastLine_ThatACrashHasCutOff_IsKeptInTheNextOne(int tornBytes)
    {
        Write(count: 5);
        var torn = Enumerable.Range(0, tornBytes).Select(i => (byte)(32 + (i % 90))).ToArray();
        using (var file = File.Open(_folder.Path, FileMode.Append))
        {
            file.Write(torn);
        }

        var before = AuditVerification.OfLog(_folder.Path);
        Assert.Equal((null, tornBytes, 5), (before.Problem, before.TornBytes, before.LineCount));
        using (var next = Open(out var opening))
        {
            next.Add(new AuditEvent(AuditEventKind.Opened, DateTimeOffset.UnixEpoch) { Facts = opening });
            next.Write();
            next.Flush();
        }

        var line = _folder.Lines[^1];
        Assert.Equal(tornBytes, line.GetProperty("torn_bytes").GetInt64());
        Assert.Equal(torn.Take(1024), line.GetProperty("torn").GetBytesFromBase64());
        var after = AuditVerification.OfLog(_folder.Path);
        Assert.Equal((null, 0, 6, 1), (after.Problem, after.TornBytes, after.LineCount, after.UnclosedCount));
    }

    [Fact]
    public void OldestFiles_BeyondThoseToKeep_AreDeletedAndTheRestIsGood()
    {
        Write(count: 200, maxBytes: 4096, maxOlder: 3);

        Assert.Equal(4, _folder.Files.Count);
        var verification = AuditVerification.OfLog(_folder.Path);
        Assert.Equal((null, 200), (verification.Problem, verification.Last.Number));
        Assert.InRange(verification.FirstNumber, 100, 199);
    }

    [Fact]
    public void Log_WithoutItsLastFile_GoesOnWhereItWas()
    {
        Write(count: 40, maxBytes: 4096);
        File.Move(_folder.Path, new AuditFileSet(_folder.Path).NameOf(_folder.Lines.Count + 1 - File.ReadAllLines(_folder.Path).Length));

        Write(count: 1);

        Assert.Null(AuditVerification.OfLog(_folder.Path).Problem);
        Assert.Equal(41, AuditVerification.OfLog(_folder.Path).Last.Number);
    }

    [Theory]
    [InlineData("not a line\n")]
    [InlineData("{\"seq\":0,\"prev\":\"\"}\n")]
    [InlineData("[1]\n")]
    public void File_ThatIsNoLog_IsLeftAlone(string text)
    {
        File.WriteAllText(_folder.Path, text);

        var error = Assert.Throws<IOException>(() => Open(out _));

        Assert.Contains("Keep it, and move it away", error.Message, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(_folder.Path));
    }

    [Fact]
    public void Log_ThatAServerWrites_HasNoOtherWriterAndCanBeRead()
    {
        using var first = Open(out _);
        first.Add(Event());
        first.Write();
        first.Flush();

        Assert.Contains("another server writes it", Assert.Throws<IOException>(() => Open(out _)).Message, StringComparison.Ordinal);
        Assert.Equal((null, 1), (AuditVerification.OfLog(_folder.Path).Problem, AuditVerification.OfLog(_folder.Path).LineCount));
    }

    [Fact]
    public void Files_AreTheirOwnersAlone()
    {
        Write(count: 40, maxBytes: 4096);

        if (!OperatingSystem.IsWindows())
        {
            foreach (var file in Directory.GetFiles(Path.GetDirectoryName(_folder.Path)!))
            {
                Assert.Equal((file, UnixFileMode.UserRead | UnixFileMode.UserWrite), (file, File.GetUnixFileMode(file)));
            }
        }
    }

    public void Dispose() => _folder.Dispose();

    private static string[]? Tamper(string[] lines, int i, string what) => what switch
    {
        "change" => [.. lines[..i], lines[i].Replace("\"time\":\"1970", "\"time\":\"1971", StringComparison.Ordinal), .. lines[(i + 1)..]],
        "change the last byte" => [.. lines[..i], lines[i][..^1] + "]", .. lines[(i + 1)..]],
        "remove" => [.. lines[..i], .. lines[(i + 1)..]],
        "insert the same" => [.. lines[..(i + 1)], .. lines[i..]],
        "insert another" => [.. lines[..i], lines[^1], .. lines[i..]],
        "swap with the next" => i + 1 < lines.Length ? [.. lines[..i], lines[i + 1], lines[i], .. lines[(i + 2)..]] : null,
        _ => i + 2 < lines.Length ? [.. lines[..i], lines[^1], .. lines[(i + 1)..^1], lines[i]] : null,
    };

    private static AuditEvent Event(string rpc = "mfn.v1.RunService/GetRun") => new(AuditEventKind.Call, DateTimeOffset.UnixEpoch) { Caller = CallerIdentity.Anonymous, Rpc = rpc };

    private AuditFile Open(out IReadOnlyList<(string, object)> opening)
    {
        var file = new AuditFile(_folder.Path, Unlimited, maxOlder: 100);
        opening = file.Opening;
        return file;
    }

    private void Write(int count, int maxBytes = Unlimited, int maxOlder = 100, string rpc = "mfn.v1.RunService/GetRun")
    {
        using var file = new AuditFile(_folder.Path, maxBytes, maxOlder);
        for (var i = 0; i < count; i++)
        {
            file.Add(Event(rpc));
            file.Write();
        }

        file.Flush();
    }
}
