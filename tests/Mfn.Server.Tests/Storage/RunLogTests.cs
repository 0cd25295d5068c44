using Google.Protobuf;
using Mfn.Contracts.Storage.V1;
using Mfn.Contracts.V1;
using Mfn.Server.Storage;

namespace Mfn.Server.Tests.Storage;

public sealed class RunLogTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-log-");

    private string LogFile => Path.Combine(_folder.FullName, "log");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Open_AfterAppends_HasTheirRecordsInOrder()
    {
        var expected = WriteLog(out _);

        using var log = RunLog.Open(LogFile);

        Assert.Equal(expected, log.ReadRecords());
        Assert.Equal(0, log.CutLength);
        Assert.Equal(new FileInfo(LogFile).Length, log.Length);
    }

    [Fact]
    public void ReadRecords_WhileOthersAreAppended_EndsWhereItBegan()
    {
        using var log = RunLog.Create(LogFile, [Horizon(0)]);
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
        using var log = RunLog.Create(LogFile, [Horizon(0)]);

        Assert.Throws<IOException>(() => RunLog.Open(LogFile));
    }

    [Fact]
    public void Open_CutOffAnywhere_HasEveryWholeAppendAndGoesOn()
    {
        var records = WriteLog(out var ends);
        var bytes = File.ReadAllBytes(LogFile);
        for (var length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(LogFile, bytes[..length]);
            var whole = ends.Count(end => end.Length <= length);
            if (whole == 0)
            {
                Assert.Throws<InvalidDataException>(() => RunLog.Open(LogFile));
                Assert.Equal(length, new FileInfo(LogFile).Length);
                continue;
            }

            using (var log = RunLog.Open(LogFile))
            {
                Assert.Equal(length - ends[whole - 1].Length, log.CutLength);
                log.Append([Horizon(77)]);
            }

            using var reopened = RunLog.Open(LogFile);
            Assert.Equal([.. records.Take(ends[whole - 1].RecordCount), Horizon(77)], reopened.ReadRecords());
        }
    }

    [Fact]
    public void Open_AnyByteChanged_IsRefusedOrLosesTheLastAppendAlone()
    {
        var records = WriteLog(out var ends);
        var bytes = File.ReadAllBytes(LogFile);
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var change in (byte[])[1, 128, 255])
            {
                bytes[i] ^= change;
                File.WriteAllBytes(LogFile, bytes);
                bytes[i] ^= change;
                if (i < ends[^2].Length)
                {
                    var error = Assert.Throws<InvalidDataException>(() => RunLog.Open(LogFile));
                    Assert.Contains(LogFile, error.Message, StringComparison.Ordinal);
                    if (i >= ends[0].Length)
                    {
                        var (start, next) = (ends.Last(end => end.Length <= i).Length, ends.First(end => end.Length > i).Length);
                        Assert.Contains($"at byte {start}:", error.Message, StringComparison.Ordinal);
                        Assert.EndsWith($"more was appended after it, at byte {next}.", error.Message, StringComparison.Ordinal);
                    }

                    Assert.Equal(bytes.Length, new FileInfo(LogFile).Length);
                    continue;
                }

                using var log = RunLog.Open(LogFile);
                Assert.Equal(records.Take(ends[^2].RecordCount), log.ReadRecords());
            }
        }
    }

    [Fact]
    public void Open_LaterPagesOfTheLastAppendAreThereButNotItsFirst_CutsItOff()
    {
        using (var log = RunLog.Create(LogFile, [Horizon(0)]))
        {
            log.Append([Command(1, valueCount: 5000)]);
        }

        var bytes = File.ReadAllBytes(LogFile);
        bytes.AsSpan(40, 4096).Clear();
        File.WriteAllBytes(LogFile, bytes);

        using var reopened = RunLog.Open(LogFile);
        Assert.Equal([Horizon(0)], reopened.ReadRecords());
    }

    /// <summary>Nobody outside can place bytes in a command that pass for an append and have the whole log refused.</summary>
    [Fact]
    public void Open_TornAppendFullOfForgedHeaders_CutsItOff()
    {
        const int ValueCount = 100 * FrameHeader.Length;
        var values = new byte[ValueCount];
        WriteCommand(values);
        var start = File.ReadAllBytes(LogFile).AsSpan().IndexOf(values);
        for (var i = 0; i < ValueCount; i += FrameHeader.Length)
        {
            FrameHeader.Of([1]).Write(values.AsSpan(i), start + i, salt: 0);
        }

        WriteCommand(values);
        Assert.Equal(start, File.ReadAllBytes(LogFile).AsSpan().IndexOf(values));
        File.WriteAllBytes(LogFile, File.ReadAllBytes(LogFile)[..^1]);

        using var reopened = RunLog.Open(LogFile);
        Assert.Equal([Horizon(0)], reopened.ReadRecords());

        void WriteCommand(byte[] values)
        {
            var command = Command(1, valueCount: 0);
            command.AppliedCommand.Command.ReplacePotential.Values = ByteString.CopyFrom(values);
            using var log = RunLog.Create(LogFile, [Horizon(0)]);
            log.Append([command]);
        }
    }

    /// <summary>What follows is searched for in blocks of 64 KiB: the next append begins before, across and after the end of one.</summary>
    [Fact]
    public void Open_DamagedFarFromWhatFollows_IsRefused()
    {
        const int BlockLength = 64 * 1024;
        var distances = new List<int>();
        for (var valueCount = BlockLength - 64; valueCount < BlockLength; valueCount++)
        {
            long start;
            long next;
            using (var log = RunLog.Create(LogFile, [Horizon(0)]))
            {
                start = log.Length;
                log.Append([Command(1, valueCount)]);
                next = log.Length;
                log.Append([Horizon(2)]);
            }

            var bytes = File.ReadAllBytes(LogFile);
            bytes[start + 1000] ^= 1;
            File.WriteAllBytes(LogFile, bytes);

            var error = Assert.Throws<InvalidDataException>(() => RunLog.Open(LogFile));
            Assert.EndsWith($"at byte {next}.", error.Message, StringComparison.Ordinal);
            distances.Add((int)(next - start));
        }

        Assert.True(distances[0] < BlockLength - FrameHeader.Length && distances[^1] > BlockLength);
    }

    [Fact]
    public void Open_OtherVersion_IsRefused()
    {
        WriteLog(out _);
        var bytes = File.ReadAllBytes(LogFile);
        bytes[8] = 2;
        File.WriteAllBytes(LogFile, bytes);

        var error = Assert.Throws<InvalidDataException>(() => RunLog.Open(LogFile));
        Assert.Contains("has format version 2, but this server reads version 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_RecordOfAnUnknownKind_IsRefused()
    {
        using (var log = RunLog.Create(LogFile, [Horizon(0)]))
        {
            log.Append([new RunLogRecord()]);
        }

        var error = Assert.Throws<InvalidDataException>(() => RunLog.Open(LogFile));
        Assert.Contains("does not know", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Append_Nothing_IsRefused()
    {
        using var log = RunLog.Create(LogFile, [Horizon(0)]);

        Assert.Throws<ArgumentException>(() => log.Append([]));
        Assert.Equal([Horizon(0)], log.ReadRecords());
    }

    [Fact]
    public void Append_MostIsSupersededHorizons_WritesTheLogAnewWithTheRest()
    {
        RunLogRecord[] many = [.. Enumerable.Range(1, 150_000).Select(step => Horizon(step))];
        using (var log = RunLog.Create(LogFile, [Command(1, 100)]))
        {
            log.Append(many);
            log.Append([Command(2, 100)]);
            Assert.InRange(log.Length, 0, 1000);
            Assert.Equal([Command(1, 100), Horizon(150_000), Command(2, 100)], log.ReadRecords());
            log.Append([Horizon(150_001)]);
        }

        using var reopened = RunLog.Open(LogFile);
        Assert.Equal([Command(1, 100), Horizon(150_000), Command(2, 100), Horizon(150_001)], reopened.ReadRecords());
        Assert.Equal([LogFile], Directory.GetFiles(_folder.FullName));
    }

    [Fact]
    public void Append_MostIsCommands_LeavesTheLogAsItIs()
    {
        using var log = RunLog.Create(LogFile, [Horizon(0)]);
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

    /// <summary>Writes a log of four appends; tells where each ends, and how many records there are by then.</summary>
    private RunLogRecord[] WriteLog(out List<(long Length, int RecordCount)> ends)
    {
        RunLogRecord[][] appends =
        [
            [new RunLogRecord { Header = new RunHeader { RunId = ByteString.CopyFrom(new byte[16]), Stop = new StopCondition { Never = true } } }],
            [Horizon(1), Command(1, valueCount: 8)],
            [Horizon(0)],
            [Command(2, valueCount: 3), new RunLogRecord { End = new RunEnd { Reason = EndReason.Stopped, Step = 7 } }],
        ];
        using var log = RunLog.Create(LogFile, appends[0]);
        ends = [(log.Length, 1)];
        foreach (var append in appends[1..])
        {
            log.Append(append);
            ends.Add((log.Length, ends[^1].RecordCount + append.Length));
        }

        return [.. appends.SelectMany(append => append)];
    }
}
