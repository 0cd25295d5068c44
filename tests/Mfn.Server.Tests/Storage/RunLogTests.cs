using Google.Protobuf;
using Mfn.Contracts.Storage.V1;
using Mfn.Contracts.V1;
using Mfn.Server.Storage;

namespace Mfn.Server.Tests.Storage;

public sealed class RunLogTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-log-");

    private string LogFile => Path.Combine(_folder.FullName, "log");

    private string MarkFile => Path.Combine(_folder.FullName, "mark");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Open_AfterAppends_HasTheirRecordsInOrder()
    {
        var expected = WriteLog(out _);

        using var log = RunLog.Open(LogFile, MarkFile);

        Assert.Equal(expected, log.ReadRecords());
        Assert.Null(log.Torn);
        Assert.Equal(new FileInfo(LogFile).Length, log.Length);
    }

    [Fact]
    public void ReadRecords_WhileOthersAreAppended_EndsWhereItBegan()
    {
        using var log = RunLog.Create(LogFile, MarkFile, [Horizon(0)]);
        log.Append([Horizon(1)]);
        var read = new List<RunLogRecord>();
        foreach (var record in log.ReadRecords())
        {
            read.Add(record);
            log.Append([Horizon(2)]);
        }

        Assert.Equal([Horizon(0), Horizon(1)], read);
        Assert.Equal([Horizon(0), Horizon(1), Horizon(2), Horizon(2)], log.ReadRecords());
    }

    [Fact]
    public void Open_OpenAlready_IsRefused()
    {
        using var log = RunLog.Create(LogFile, MarkFile, [Horizon(0)]);

        Assert.Throws<IOException>(() => RunLog.Open(LogFile, MarkFile));
    }

    /// <summary>However little of an append has been written when the process ends, it was not acknowledged.</summary>
    [Fact]
    public void Open_CutOffBehindTheMark_SetsTheRestAsideAndGoesOn()
    {
        var records = WriteLog(out var ends);
        var bytes = File.ReadAllBytes(LogFile);
        for (var marked = 0; marked < ends.Count - 1; marked++)
        {
            for (var length = ends[marked].Length; length <= ends[marked + 1].Length; length++)
            {
                Restore(bytes.AsSpan(0, (int)length), ends[marked].Mark);
                var whole = ends.Last(end => end.Length <= length);
                using (var log = Open())
                {
                    Assert.Equal(length - whole.Length, log.Torn?.Length ?? 0);
                    Assert.Equal(bytes[(int)whole.Length..(int)length], log.Torn is { } torn ? File.ReadAllBytes(torn.Path) : []);
                    log.Append([Horizon(77)]);
                }

                using var reopened = Open();
                Assert.Equal([.. records.Take(whole.RecordCount), Horizon(77)], reopened.ReadRecords());
            }
        }
    }

    [Fact]
    public void Open_CutOffBeforeTheMark_IsRefused()
    {
        WriteLog(out var ends);
        var bytes = File.ReadAllBytes(LogFile);
        foreach (var end in ends)
        {
            for (var length = 0; length < end.Length; length++)
            {
                Restore(bytes.AsSpan(0, length), end.Mark);
                Assert.Throws<RunDamagedException>(Open);
                Assert.Equal(bytes[..length], File.ReadAllBytes(LogFile));
            }
        }
    }

    [Fact]
    public void Open_AnyByteChangedOrInsertedOrLost_IsRefused()
    {
        WriteLog(out var ends);
        var bytes = File.ReadAllBytes(LogFile);
        for (var i = 0; i < bytes.Length; i++)
        {
            byte[][] damaged =
            [
                .. ((byte[])[1, 128, 255]).Select(change => (byte[])[.. bytes[..i], (byte)(bytes[i] ^ change), .. bytes[(i + 1)..]]),
                [.. bytes[..i], 0, .. bytes[i..]],
                [.. bytes[..i], .. bytes[(i + 1)..]],
            ];
            foreach (var content in damaged)
            {
                Restore(content, ends[^1].Mark);
                var error = Assert.Throws<RunDamagedException>(Open);
                Assert.Contains(LogFile, error.Message, StringComparison.Ordinal);
                Assert.DoesNotContain(_folder.FullName, error.Reason, StringComparison.Ordinal);
                Assert.Equal(content, File.ReadAllBytes(LogFile));
                if (i > ends[0].Length && i < ends[^2].Length && content.Length == bytes.Length)
                {
                    var (start, next) = (ends.Last(end => end.Length <= i).Length, ends.First(end => end.Length > i).Length);
                    Assert.Equal(start, error.Position);
                    Assert.Contains($"more was appended after it, at byte {next};", error.Message, StringComparison.Ordinal);
                }
            }
        }
    }

    /// <summary>After a power cut the mark may be that of an earlier append: what lies behind the damage tells that it is no torn append.</summary>
    [Fact]
    public void Open_DamagedBehindTheMarkWithMoreAfterIt_IsRefused()
    {
        WriteLog(out var ends);
        var bytes = File.ReadAllBytes(LogFile);

        // Where the byte before the last append is that with which it begins, to lose either is the same, and may be a torn append.
        byte[] torn = [.. bytes[..(int)ends[^2].Length], .. bytes[((int)ends[^2].Length + 1)..]];
        for (var i = ends[0].Length; i < ends[^2].Length; i++)
        {
            byte[][] damaged = [[.. bytes[..(int)i], 0, .. bytes[(int)i..]], [.. bytes[..(int)i], .. bytes[((int)i + 1)..]]];
            foreach (var content in damaged.Where(content => !content.SequenceEqual(torn)))
            {
                Restore(content, ends[0].Mark);
                Assert.Throws<RunDamagedException>(Open);
                Assert.Equal(content, File.ReadAllBytes(LogFile));
            }
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(40, true)]
    public void Open_ClosedInOrder_MustEndThere(int moreLength, bool isRefused)
    {
        using (var log = RunLog.Create(LogFile, MarkFile, [Horizon(0)]))
        {
            log.Close(new CleanStop { Step = 1, Revision = 2 });
            Assert.Throws<IOException>(() => log.Append([Horizon(1)]));
        }

        File.AppendAllBytes(LogFile, new byte[moreLength]);
        if (isRefused)
        {
            Assert.Contains("was closed in order after append 2, but goes on", Assert.Throws<RunDamagedException>(Open).Message, StringComparison.Ordinal);
            return;
        }

        using var reopened = Open();
        Assert.Equal([Horizon(0), new RunLogRecord { CleanStop = new CleanStop { Step = 1, Revision = 2 } }], reopened.ReadRecords());
        reopened.Append([Horizon(2)]);
    }

    [Fact]
    public void Open_LogReplacedByAnOlderCopy_IsRefused()
    {
        WriteLog(out var ends);
        var bytes = File.ReadAllBytes(LogFile);
        foreach (var end in ends.SkipLast(1))
        {
            Restore(bytes.AsSpan(0, (int)end.Length), ends[^1].Mark);
            Assert.Contains("all were acknowledged", Assert.Throws<RunDamagedException>(Open).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_LogOfTheSameRecordsButNotTheSame_IsRefused()
    {
        WriteLog(out _);
        var bytes = File.ReadAllBytes(LogFile);
        WriteLog(out var ends);
        Restore(bytes, ends[^1].Mark);

        Assert.Contains("is another log", Assert.Throws<RunDamagedException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OneSlotOfTheMarkDamaged_HasAll()
    {
        var records = WriteLog(out var ends);
        var bytes = File.ReadAllBytes(LogFile);
        foreach (var slot in (int[])[0, LogMarkFile.SlotDistance])
        {
            var mark = (byte[])[.. ends[^1].Mark];
            mark[slot + 20] ^= 1;
            Restore(bytes, mark);
            using var log = Open();
            Assert.Equal(records, log.ReadRecords());
        }
    }

    [Fact]
    public void Open_MarkMissingOrDamaged_IsRefused()
    {
        WriteLog(out var ends);
        File.Delete(MarkFile);
        Assert.Contains("is missing", Assert.Throws<RunDamagedException>(Open).Message, StringComparison.Ordinal);

        File.WriteAllBytes(MarkFile, new byte[ends[0].Mark.Length]);
        Assert.Contains("is damaged", Assert.Throws<RunDamagedException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LaterPagesOfAnUnacknowledgedAppendAreThereButNotItsFirst_SetsItAside()
    {
        RunLog.Create(LogFile, MarkFile, [Horizon(0)]).Dispose();
        var mark = File.ReadAllBytes(MarkFile);
        using (var log = Open())
        {
            log.Append([Command(1, valueCount: 5000)]);
        }

        var bytes = File.ReadAllBytes(LogFile);
        bytes.AsSpan(80, 4096).Clear();
        Restore(bytes, mark);

        using var reopened = Open();
        Assert.Equal([Horizon(0)], reopened.ReadRecords());
        Assert.NotNull(reopened.Torn);
    }

    [Fact]
    public void Open_TornAgainAndAgain_KeepsTheLatest()
    {
        RunLog.Create(LogFile, MarkFile, [Horizon(0)]).Dispose();
        for (var i = 1; i <= TornAppend.MaxCount + 3; i++)
        {
            File.AppendAllBytes(LogFile, new byte[i]);
            Open().Dispose();
        }

        Assert.Equal(
            Enumerable.Range(4, TornAppend.MaxCount).Select(length => (long)length),
            Directory.GetFiles(_folder.FullName, "log.torn-*").Select(path => new FileInfo(path).Length).Order());
    }

    /// <summary>Nobody outside can place bytes in a command that pass for an append and have the whole log refused.</summary>
    [Fact]
    public void Open_TornAppendFullOfForgedHeaders_SetsItAside()
    {
        const int ValueCount = 100 * AppendHeader.Length;
        var values = new byte[ValueCount];
        for (var i = 0; i < ValueCount; i += AppendHeader.Length)
        {
            new AppendHeader(9, 1, Crc32C.Compute([1]), 0).Write(values.AsSpan(i), marker: (ulong)i);
        }

        var command = Command(1, valueCount: 0);
        command.AppliedCommand.Command.ReplacePotential.Values = ByteString.CopyFrom(values);
        RunLog.Create(LogFile, MarkFile, [Horizon(0)]).Dispose();
        var mark = File.ReadAllBytes(MarkFile);
        using (var log = Open())
        {
            log.Append([command]);
        }

        Restore(File.ReadAllBytes(LogFile).AsSpan()[..^1], mark);
        using var reopened = Open();
        Assert.Equal([Horizon(0)], reopened.ReadRecords());
    }

    /// <summary>What follows is searched for in blocks of 64 KiB: the next append begins before, across and after the end of one.</summary>
    [Fact]
    public void Open_DamagedFarFromWhatFollows_IsRefused()
    {
        const int BlockLength = 64 * 1024;
        var distances = new List<int>();
        for (var valueCount = BlockLength - 128; valueCount < BlockLength; valueCount++)
        {
            long start;
            long next;
            RunLog.Create(LogFile, MarkFile, [Horizon(0)]).Dispose();
            var mark = File.ReadAllBytes(MarkFile);
            using (var log = Open())
            {
                start = log.Length;
                log.Append([Command(1, valueCount)]);
                next = log.Length;
                log.Append([Horizon(2)]);
            }

            var bytes = File.ReadAllBytes(LogFile);
            bytes[start + 1000] ^= 1;
            Restore(bytes, mark);

            var error = Assert.Throws<RunDamagedException>(Open);
            Assert.EndsWith($"at byte {next}.", error.Message, StringComparison.Ordinal);
            distances.Add((int)(next - start));
        }

        Assert.True(distances[0] < BlockLength - AppendHeader.Length && distances[^1] > BlockLength);
    }

    [Fact]
    public void Open_OtherVersion_IsRefused()
    {
        WriteLog(out _);
        var bytes = File.ReadAllBytes(LogFile);
        bytes[8] = 3;
        File.WriteAllBytes(LogFile, bytes);

        var error = Assert.Throws<RunDamagedException>(() => RunLog.Open(LogFile, MarkFile));
        Assert.Contains("has format version 3, but this server reads versions 1 and 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_RecordOfAnUnknownKind_IsRefused()
    {
        using (var log = RunLog.Create(LogFile, MarkFile, [Horizon(0)]))
        {
            log.Append([new RunLogRecord()]);
        }

        var error = Assert.Throws<RunDamagedException>(() => RunLog.Open(LogFile, MarkFile));
        Assert.Contains("does not know", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Append_Nothing_IsRefused()
    {
        using var log = RunLog.Create(LogFile, MarkFile, [Horizon(0)]);

        Assert.Throws<ArgumentException>(() => log.Append([]));
        Assert.Equal([Horizon(0)], log.ReadRecords());
    }

    [Fact]
    public void Append_MostIsSupersededHorizons_WritesTheLogAnewWithTheRest()
    {
        RunLogRecord[] many = [.. Enumerable.Range(1, 149_999).Select(step => Horizon(step))];
        using (var log = RunLog.Create(LogFile, MarkFile, [Command(1, 100)]))
        {
            log.Append(many);
            log.Append([Horizon(150_000)]);
            log.Append([Command(2, 100)]);
            Assert.InRange(log.Length, 0, 1000);
            Assert.Equal([Command(1, 100), Horizon(150_000), Command(2, 100)], log.ReadRecords());
            log.Append([Horizon(150_001)]);
        }

        using var reopened = RunLog.Open(LogFile, MarkFile);
        Assert.Equal([Command(1, 100), Horizon(150_000), Command(2, 100), Horizon(150_001)], reopened.ReadRecords());
        Assert.Equal([LogFile, MarkFile], Directory.GetFiles(_folder.FullName).Order());
    }

    [Fact]
    public void Append_MostIsCommands_LeavesTheLogAsItIs()
    {
        using var log = RunLog.Create(LogFile, MarkFile, [Horizon(0)]);
        log.Append([Command(1, RunLog.MinCompactionLength)]);
        log.Append([Horizon(1)]);
        log.Append([Horizon(2)]);

        Assert.Equal([Horizon(0), Command(1, RunLog.MinCompactionLength), Horizon(1), Horizon(2)], log.ReadRecords());
    }

    private static RunLogRecord Horizon(long step) => new() { Horizon = new Horizon { Step = step } };

    private static RunLogRecord Command(long revision, int valueCount) => new()
    {
        AppliedCommand = new AppliedCommand
        {
            Command = new RunCommand { CommandId = "c", ReplacePotential = new Field { Values = ByteString.CopyFrom(new byte[valueCount]) } },
            Step = 5,
            Revision = revision,
        },
    };

    private RunLog Open() => RunLog.Open(LogFile, MarkFile);

    private void Restore(ReadOnlySpan<byte> log, byte[] mark)
    {
        File.WriteAllBytes(LogFile, log);
        File.WriteAllBytes(MarkFile, mark);
    }

    /// <summary>Writes a log of four appends; tells where each ends, how many records there are by then, and the mark.</summary>
    private RunLogRecord[] WriteLog(out List<(long Length, int RecordCount, byte[] Mark)> ends)
    {
        RunLogRecord[][] appends =
        [
            [new RunLogRecord { Header = new RunHeader { RunId = ByteString.CopyFrom(new byte[16]), Stop = new StopCondition { Never = true } } }],
            [Horizon(1), Command(1, valueCount: 8)],
            [Horizon(0)],
            [Command(2, valueCount: 3), new RunLogRecord { End = new RunEnd { Reason = EndReason.Stopped, Step = 7 } }],
        ];
        ends = [];
        foreach (var append in appends)
        {
            using (var log = ends.Count == 0 ? RunLog.Create(LogFile, MarkFile, append) : Open())
            {
                if (ends.Count > 0)
                {
                    log.Append(append);
                }
            }

            ends.Add((new FileInfo(LogFile).Length, append.Length + (ends.Count > 0 ? ends[^1].RecordCount : 0), File.ReadAllBytes(MarkFile)));
        }

        return [.. appends.SelectMany(append => append)];
    }
}
