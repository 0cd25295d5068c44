using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Mfn.Cli;
using Mfn.Cli.Frames;
using Mfn.Cli.Pictures;
using Mfn.Server.Pictures;

namespace Mfn.Server.Tests.Cli.Pictures;

public sealed class PngFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-png-");

    [Fact]
    public async Task Write_Field_GivesAPictureOfItsColorsAndTexts()
    {
        var path = Path.Combine(_folder.FullName, "field.png");
        await File.WriteAllTextAsync(path, "something else");
        double[] volts = [-0.09, -0.07, -0.08, -0.085, -0.2, 0.1];
        var range = new ColorRange(-0.09, -0.07);

        PngPicture.Write(path, FieldPicture.Draw(new FieldFrame(7, 0, 2, 3, volts), range, Style(scale: 1)), [("Step", "7"), ("Range", range.Text)]);

        var (rows, columns, pixels, texts) = NaiveDecode(await File.ReadAllBytesAsync(path));
        Assert.Equal((2, 3), (rows, columns));

        // 254 levels: 0 to 253.
        Assert.Equal([.. new byte[] { 0, 255, 127, 63, 0, 255 }.Select(ColorMap.Of)], pixels);
        Assert.Equal([("Step", "7"), ("Range", "-90 to -70 mV")], texts);
        Assert.Equal(path, Assert.Single(Directory.GetFiles(_folder.FullName)));
    }

    [Fact]
    public async Task Write_Scaled_MakesEachCellASquare()
    {
        var path = Path.Combine(_folder.FullName, "field.png");

        PngPicture.Write(path, FieldPicture.Draw(new FieldFrame(7, 0, 1, 2, new double[] { 0, 1 }), new ColorRange(0, 1), Style(scale: 3)), []);

        var (rows, columns, pixels, _) = NaiveDecode(await File.ReadAllBytesAsync(path));
        Assert.Equal((3, 6), (rows, columns));
        Assert.Equal([.. Enumerable.Range(0, 18).Select(i => ColorMap.Of((byte)(i % 6 < 3 ? 0 : 255)))], pixels);
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(64, 1)]
    [InlineData(64, 8)]
    [InlineData(1, 64)]
    public void Draw_ColorBar_HasAllColorsFromBottomToTopBesideTheField(int extent, int scale)
    {
        var picture = FieldPicture.Draw(new FieldFrame(0, 0, extent, extent, new double[extent * extent]), new ColorRange(-0.08, 0.04), Style(scale, hasColorBar: true));

        // Its column begins behind margin, field and margin.
        var bar = Enumerable.Range(8, picture.RowCount - 16).Select(row => (int)picture.Row(row)[8 + (extent * scale) + 8]).ToArray();
        Assert.Equal((253, 0), (bar[0], bar[^1]));
        Assert.All(bar.Zip(bar.Skip(1)), pair => Assert.True(pair.First >= pair.Second));
        Assert.True(picture.Row(8 + (bar.Length / 2))[8] < Picture.LevelCount, "The field is not where it belongs.");

        // Labels: ink right of the bar, and paper to the rim.
        Assert.Contains(Picture.Ink, Enumerable.Range(0, picture.RowCount).SelectMany(row => picture.Row(row)[(8 + (extent * scale) + 8 + 16 + 5)..].ToArray()));
        Assert.All(Enumerable.Range(0, picture.RowCount), row => Assert.Equal(Picture.Paper, picture.Row(row)[^1]));
    }

    [Fact]
    public void Draw_EvenFieldAndAnyRange_IsDrawn()
    {
        var frame = new FieldFrame(0, 0, 2, 2, new double[] { -0.07, -0.07, -0.07, -0.07 });
        foreach (var range in new[] { ColorRange.Of(frame.Values.Span).Rounded(), ColorRange.Of(frame.Values.Span), new ColorRange(-1000, 1000), new ColorRange(0, 1e-6) })
        {
            Assert.Equal(112, FieldPicture.Draw(frame, range, Style(1, hasColorBar: true)).RowCount);
        }
    }

    [Fact]
    public void Draw_TooLarge_SaysHowLarge()
    {
        var error = Assert.Throws<BadArgumentsException>(() => FieldPicture.Draw(new FieldFrame(0, 0, 1024, 1024, new double[1024 * 1024]), new ColorRange(0, 1), Style(scale: 9)));

        Assert.Equal("--scale 9 would make a picture of 1024 x 1024 cells 9216 pixels large; it may be 8192 at most.", error.Message);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Reads a palette PNG whose lines have filter 0, and checks every checksum, bit by bit.</summary>
    internal static (int Rows, int Columns, List<(byte Red, byte Green, byte Blue)> Pixels, List<(string Keyword, string Text)> Texts) NaiveDecode(byte[] file)
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

        Assert.Equal(["IHDR", "PLTE", "IDAT", "IEND"], chunks.Select(chunk => chunk.Type).Where(type => type != "tEXt"));
        var texts = chunks.Where(chunk => chunk.Type == "tEXt").Select(chunk => Encoding.Latin1.GetString(chunk.Content).Split('\0')).Select(parts => (parts[0], parts[1])).ToList();
        var (header, palette) = (chunks[0].Content, chunks[1].Content);
        Assert.Equal([8, 3, 0, 0, 0], header[8..]);
        var (columns, rows) = (BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)));
        using var inflated = new MemoryStream();
        using (var stream = new ZLibStream(new MemoryStream(chunks[^2].Content), CompressionMode.Decompress))
        {
            stream.CopyTo(inflated);
        }

        var lines = inflated.ToArray().Chunk(columns + 1).ToArray();
        Assert.Equal(rows, lines.Length);
        Assert.All(lines, line => Assert.Equal((columns + 1, 0), (line.Length, line[0])));
        return (rows, columns, [.. lines.SelectMany(line => line[1..]).Select(index => (palette[3 * index], palette[(3 * index) + 1], palette[(3 * index) + 2]))], texts);
    }

    private static PictureStyle Style(int scale, bool hasColorBar = false) => new(scale, hasColorBar, RangeRule.All);

    internal static uint NaiveCrc(byte[] bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var bit in bytes.SelectMany(value => Enumerable.Range(0, 8).Select(i => (uint)(value >> i) & 1)))
        {
            crc = ((crc ^ bit) & 1) == 1 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
        }

        return crc ^ 0xFFFFFFFFu;
    }
}
