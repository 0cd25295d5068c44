using System.Buffers.Binary;
using Google.Protobuf;
using Mfn.Contracts.Storage.V1;
using Mfn.Server.Storage;

namespace Mfn.Server.Tests.Storage;

public sealed class Version1LogTests : IDisposable
{
    private const uint Salt = 0xC0FFEE;

    private static readonly RunLogRecord[][] Appends = [[Horizon(0)], [Horizon(5), Horizon(7)], [Horizon(1000)]];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-version1-");

    private string LogFile => Path.Combine(_folder.FullName, "log");

    private string MarkFile => Path.Combine(_folder.FullName, "mark");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Open_CutOffWithinOneAppend_HasTheOthersAndKeepsWhatItWas()
    {
        var bytes = Encode(out var ends);
        for (var length = ends[0]; length <= bytes.Length; length++)
        {
            File.Delete(MarkFile);
            File.WriteAllBytes(LogFile, bytes[..length]);
            var expected = Appends.Take(ends.Count(end => end <= length)).SelectMany(append => append).ToList();
            using (var log = RunLog.Open(LogFile, MarkFile))
            {
                Assert.True(log.WasMigrated);
                Assert.Equal(expected, log.ReadRecords());
                log.Append([Horizon(9)]);
            }

            Assert.Equal(bytes[..length], File.ReadAllBytes(LogFile + RunLog.Version1Suffix));
            using var again = RunLog.Open(LogFile, MarkFile);
            Assert.False(again.WasMigrated);
            Assert.Equal([.. expected, Horizon(9)], again.ReadRecords());
        }
    }

    [Fact]
    public void Open_AnyByteChangedOrInserted_IsRefusedAndStays()
    {
        var bytes = Encode(out _);
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var content in (byte[][])[[.. bytes[..i], (byte)(bytes[i] ^ 1), .. bytes[(i + 1)..]], [.. bytes[..i], 0, .. bytes[i..]]])
            {
                File.WriteAllBytes(LogFile, content);
                Assert.Throws<RunDamagedException>(() => RunLog.Open(LogFile, MarkFile));
                Assert.Equal(content, File.ReadAllBytes(LogFile));
            }
        }
    }

    [Fact]
    public void Open_CrashWhileItIsReplaced_CanBeDoneAgain()
    {
        var bytes = Encode(out _);
        File.WriteAllBytes(LogFile, bytes);
        RunLog.Open(LogFile, MarkFile).Dispose();
        using (var mark = LogMarkFile.Open(MarkFile))
        {
            // As it is just before the new log takes the old one's name.
            mark.Write(mark.Mark with { State = LogMarkState.Migrating });
        }

        File.WriteAllBytes(LogFile, bytes);
        using var log = RunLog.Open(LogFile, MarkFile);
        Assert.Equal(Appends.SelectMany(append => append), log.ReadRecords());
    }

    [Fact]
    public void Open_PutBackAfterItWasReplaced_IsRefused()
    {
        var bytes = Encode(out _);
        File.WriteAllBytes(LogFile, bytes);
        RunLog.Open(LogFile, MarkFile).Dispose();
        File.WriteAllBytes(LogFile, bytes);

        var error = Assert.Throws<RunDamagedException>(() => RunLog.Open(LogFile, MarkFile));
        Assert.Contains("has had a log of a later one", error.Message, StringComparison.Ordinal);
    }

    private static RunLogRecord Horizon(long step) => new() { Horizon = new Horizon { Step = step } };

    /// <summary>A log as earlier versions wrote it, and where its appends end.</summary>
    private static byte[] Encode(out List<int> ends)
    {
        var bytes = new List<byte>();
        bytes.AddRange(LogPreamble.Magic);
        bytes.AddRange([1, 0, 0, 0]);
        bytes.AddRange(BitConverter.GetBytes(Salt));
        ends = [];
        foreach (var append in Appends)
        {
            var payload = new RunLogAppend { Records = { append } }.ToByteArray();
            var header = new byte[Version1Header.Length];
            BinaryPrimitives.WriteInt32LittleEndian(header, payload.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Crc32C.Compute(payload));
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), Version1Header.OwnChecksum(header.AsSpan(0, 8), bytes.Count, Salt));
            bytes.AddRange([.. header, .. payload]);
            ends.Add(bytes.Count);
        }

        return [.. bytes];
    }
}
