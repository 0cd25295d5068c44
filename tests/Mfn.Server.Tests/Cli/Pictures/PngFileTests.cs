using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Mfn.Cli.Pictures;

namespace Mfn.Server.Tests.Cli.Pictures;

public sealed class PngFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-png-");

    [Fact]
    public async Task Write_Field_GivesAPictureOfItsColors()
    {
        var path = Path.Combine(_folder.FullName, "field.png");
        await File.WriteAllTextAsync(path, "something else");
        double[] volts = [-0.09, -0.07, -0.08, -0.085, -0.2, 0.1];

        PngFile.Write(path, volts, 2, 3, new ColorRange(-0.09, -0.07));

        var (rows, columns, pixels) = NaiveDecode(await File.ReadAllBytesAsync(path));
        Assert.Equal((2, 3), (rows, columns));
        Assert.Equal([.. new byte[] { 0, 255, 128, 64, 0, 255 }.Select(ColorMap.Of)], pixels);
        Assert.Equal(path, Assert.Single(Directory.GetFiles(_folder.FullName)));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Reads a palette PNG whose lines have filter 0, and checks every checksum, bit by bit.</summary>
    internal static (int Rows, int Columns, List<(byte Red, byte Green, byte Blue)> Pixels) NaiveDecode(byte[] file)
    {
        Assert.Equal("89504E470D0A1A0A", Convert.ToHexString(file[..8]));
        var chunks = new List<(string Type, byte[] Content)>();
        for (var position = 8; position < file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(position));
            var named = file[(position + 4)..(position + 8 + length)];
            Assert.Equal(NaiveCrc(named), BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(position + 8 + length)));
            chunks.Add((Encoding.ASCII.GetString(named[..4]), named[4..]));
            position += 12 + length;
        }

        Assert.Equal(["IHDR", "PLTE", "IDAT", "IEND"], chunks.Select(chunk => chunk.Type));
        var (header, palette) = (chunks[0].Content, chunks[1].Content);
        Assert.Equal([8, 3, 0, 0, 0], header[8..]);
        var (columns, rows) = (BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)));
        using var inflated = new MemoryStream();
        using (var stream = new ZLibStream(new MemoryStream(chunks[2].Content), CompressionMode.Decompress))
        {
            stream.CopyTo(inflated);
        }

        var lines = inflated.ToArray().Chunk(columns + 1).ToArray();
        Assert.Equal(rows, lines.Length);
        Assert.All(lines, line => Assert.Equal((columns + 1, 0), (line.Length, line[0])));
        return (rows, columns, [.. lines.SelectMany(line => line[1..]).Select(index => (palette[3 * index], palette[(3 * index) + 1], palette[(3 * index) + 2]))]);
    }

    private static uint NaiveCrc(byte[] bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var bit in bytes.SelectMany(value => Enumerable.Range(0, 8).Select(i => (uint)(value >> i) & 1)))
        {
            crc = ((crc ^ bit) & 1) == 1 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
        }

        return crc ^ 0xFFFFFFFFu;
    }
}
