using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Mfn.Cli;
using Mfn.Cli.Frames;
using Mfn.Cli.Pictures;
using Mfn.Server.Pictures;

namespace Mfn.Server.Tests.Cli.Pictures;

public sealed class PngMovieTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-movie-");

    private string Path => System.IO.Path.Combine(_folder.FullName, "movie.png");

    [Fact]
    public async Task Write_Frames_AreDrawnInTheRangeOfAll()
    {
        using (var movie = Movie(RangeRule.All))
        {
            movie.Write(Frame(1, [0, 0.25, 0.5, 1]));
            movie.Write(Frame(2, [0, 2, 6, 8]));
            movie.Write(Frame(3, [8, 8, 0, 0]));
            Assert.False(File.Exists(Path));
            Assert.Equal($"wrote {Path}, 3 frames of 2 x 2 pixels", movie.Complete());
        }

        var chunks = NaiveChunks(await File.ReadAllBytesAsync(Path));
        Assert.Equal(["IHDR", "PLTE", "acTL", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT"], chunks.Select(chunk => chunk.Type).Where(type => type is not ("tEXt" or "IEND")));
        Assert.Equal("IEND", chunks[^1].Type);
        Assert.Equal((3, 0), (Number(chunks[2].Content, 0), Number(chunks[2].Content, 4)));
        Assert.Equal([0, 1, 2, 3, 4], chunks.Where(chunk => chunk.Type is "fcTL" or "fdAT").Select(chunk => Number(chunk.Content, 0)));
        Assert.All(chunks.Where(chunk => chunk.Type == "fcTL"), chunk => Assert.Equal((2, 2, 0, 0, 1, 25), (
            Number(chunk.Content, 4), Number(chunk.Content, 8), Number(chunk.Content, 12), Number(chunk.Content, 16),
            BinaryPrimitives.ReadUInt16BigEndian(chunk.Content.AsSpan(20)), BinaryPrimitives.ReadUInt16BigEndian(chunk.Content.AsSpan(22)))));

        // 254 levels over 0 to 8: 1 is 31.6.
        Assert.Equal<IEnumerable<int[]>>([[0, 8, 16, 32], [0, 63, 190, 253], [253, 253, 0, 0]], chunks.Where(chunk => chunk.Type is "IDAT" or "fdAT").Select(Pixels));
        Assert.Contains("Range\0v 0 to 8", chunks.Where(chunk => chunk.Type == "tEXt").Select(chunk => Encoding.Latin1.GetString(chunk.Content)));
        Assert.Equal([Path], Directory.GetFiles(_folder.FullName));
    }

    [Fact]
    public void Dispose_BeforeItWasCompleted_LeavesNoFile()
    {
        foreach (var rule in new[] { RangeRule.All, RangeRule.Each })
        {
            using (var movie = Movie(rule))
            {
                movie.Write(Frame(1, [0, 1, 2, 3]));
            }

            Assert.Empty(Directory.GetFiles(_folder.FullName));
        }
    }

    [Fact]
    public void CheckSize_TooMuch_SaysWhatIsAllowed()
    {
        PictureMovie.CheckSize("--movie", 1000, 1024, 1024, 1);
        Assert.Equal(
            "--movie may have 1000 frames at most, but would have 1001; --every makes them fewer.",
            Assert.Throws<BadArgumentsException>(() => PictureMovie.CheckSize("--movie", 1001, 4, 4, 1)).Message);
        Assert.Equal(
            "--movie may have 1073741824 pixels in all its frames at most, but would have 4194304000; --every makes frames fewer, --scale smaller.",
            Assert.Throws<BadArgumentsException>(() => PictureMovie.CheckSize("--movie", 1000, 1024, 1024, 2)).Message);
    }

    [Fact]
    public void Draw_CellsWithAWidth_HaveAScaleBelow()
    {
        var frame = Frame(0, new double[64 * 64], 64) with { Subject = new FieldSubject(new FieldQuantity("v"), 0.5) };
        var style = new PictureStyle(2, HasColorBar: true, RangeRule.All);

        var (plain, scaled) = (FieldPicture.Draw(frame with { Subject = default }, new ColorRange(0, 1), style), FieldPicture.Draw(frame, new ColorRange(0, 1, frame.Subject.Quantity), style));

        // 20 of 64 cells of 2 pixels: the longest of 1, 2 or 5 times a power of ten within a third.
        Assert.True(scaled.RowCount > plain.RowCount);
        var longest = Enumerable.Range(plain.RowCount - 8, scaled.RowCount - plain.RowCount + 8).Max(row => Longest(scaled.Row(row)));
        Assert.Equal(40, longest);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static int Longest(ReadOnlySpan<byte> row)
    {
        var (longest, length) = (0, 0);
        foreach (var pixel in row)
        {
            length = pixel == Picture.Ink ? length + 1 : 0;
            longest = Math.Max(longest, length);
        }

        return longest;
    }

    private static FieldFrame Frame(long step, double[] values, int extent = 2) => new(step, 0, extent, extent, values, new FieldSubject(new FieldQuantity("v"), 0));

    private static int Number(byte[] content, int position) => BinaryPrimitives.ReadInt32BigEndian(content.AsSpan(position));

    private static int[] Pixels((string Type, byte[] Content) chunk)
    {
        using var inflated = new MemoryStream();
        using (var stream = new ZLibStream(new MemoryStream(chunk.Type == "fdAT" ? chunk.Content[4..] : chunk.Content), CompressionMode.Decompress))
        {
            stream.CopyTo(inflated);
        }

        return [.. inflated.ToArray().Chunk(3).SelectMany(line => line[1..]).Select(pixel => (int)pixel)];
    }

    private static List<(string Type, byte[] Content)> NaiveChunks(byte[] file)
    {
        var chunks = new List<(string, byte[])>();
        for (var position = 8; position < file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(position));
            Assert.Equal(PngFileTests.NaiveCrc(file[(position + 4)..(position + 8 + length)]), BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(position + 8 + length)));
            chunks.Add((Encoding.ASCII.GetString(file, position + 4, 4), file[(position + 8)..(position + 8 + length)]));
            position += 12 + length;
        }

        return chunks;
    }

    private PictureMovie Movie(RangeRule rule) => new(Path, new PictureStyle(1, HasColorBar: false, rule), new PictureTexts(runId: null), framesPerSecond: 25);
}
