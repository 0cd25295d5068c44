using System.Globalization;
using Mfn.Cli.Pictures;
using Mfn.Core.Gallery;
using Mfn.Core.Simulation;
using Mfn.Server.Pictures;

namespace Mfn.Server.Tests.Cli.Pictures;

/// <summary>What mfn gallery draws, read from its pixels alone.</summary>
public sealed class ContactSheetTests : IDisposable
{
    // 128 pixels are a cell each of most presets; between and around squares are 8, below each three lines of 10.
    private const int Side = 128;
    private const int Gap = 8;
    private const int LineHeight = 10;
    private const int TileHeight = Side + (3 * LineHeight) + Gap;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-gallery-");

    [Fact]
    public async Task Gallery_SomePresets_ShowTheirFinalFieldsInTheRangesThatTheirLabelsSay()
    {
        string[] names = ["brusselator-A1-B3-Du1-Dv0.1", "gierer-meinhardt-b0.5-d20", "barkley-a0.75-b0.01-eps0.02"];
        var path = Path.Combine(_folder.FullName, "sheet.png");

        var (exitCode, _, error) = await InProcess.RunAsync(["gallery", .. names, "--columns", "2", "--tile", $"{Side}", "--out", path, "-q"]);

        Assert.Equal((0, ""), (exitCode, error));
        var (rows, columns, pixels, texts) = PngFileTests.NaiveDecode(await File.ReadAllBytesAsync(path));
        Assert.Equal((Gap + (2 * TileHeight), Gap + (2 * (Side + Gap))), (rows, columns));
        Assert.Contains(("Description", string.Join(", ", names)), texts);
        for (var i = 0; i < names.Length; i++)
        {
            var (row, column) = (Gap + (i / 2 * TileHeight), Gap + (i % 2 * (Side + Gap)));
            var preset = PresetGallery.Find(names[i])!;
            var model = preset.Pattern.Kinetics.Model;
            Assert.Equal(model.Name, Read(pixels, columns, row + Side + 3, column));
            Assert.Equal(names[i][(model.Name.Length + 1)..], Read(pixels, columns, row + Side + 3 + LineHeight, column));
            var words = Read(pixels, columns, row + Side + 3 + (2 * LineHeight), column).Split(' ');
            Assert.Equal((model.Species[preset.Species], "to"), (words[0], words[2]));
            AssertShown(preset, Number(words[1]), Number(words[3]), (y, x) => pixels[((row + y) * columns) + column + x]);
        }

        // Where a fourth would be there is paper.
        Assert.All(
            Enumerable.Range(Gap + TileHeight, TileHeight).SelectMany(y => pixels.GetRange((y * columns) + (2 * Gap) + Side, Side)),
            pixel => Assert.Equal(((byte)255, (byte)255, (byte)255), pixel));
    }

    [Fact]
    public void Gallery_Titles_AreOfCharactersThatThereAreAndThatDiffer()
    {
        var characters = PresetGallery.All.SelectMany(preset => preset.Name).Concat("uv to0123456789.-+e").Distinct().Where(character => character != ' ').ToArray();
        var shapes = characters.Select(character => string.Concat(Drawn(character))).ToArray();

        Assert.DoesNotContain(string.Concat(Drawn(' ')), shapes);
        Assert.Equal(characters.Length, shapes.Distinct().Count());
        Assert.All(PresetGallery.All, preset =>
        {
            var model = preset.Pattern.Kinetics.Model.Name;
            Assert.StartsWith($"{model}-", preset.Name, StringComparison.Ordinal);
            Assert.InRange(Math.Max(model.Length, preset.Name.Length - model.Length - 1) * 6, 1, Side);
        });
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Every pixel of a preset's square is the colour of its cell.</summary>
    private static void AssertShown(Preset preset, double low, double high, Func<int, int, (byte Red, byte Green, byte Blue)> pixelAt)
    {
        Assert.Equal((Side, Side), (preset.Pattern.RowCount, preset.Pattern.ColumnCount));
        using var engine = new SimulationEngine(preset.Spec);
        engine.Advance(preset.Spec.StepCount);
        var cells = engine.Species(preset.Species).ToArray();
        Assert.True(low <= cells.Min() && cells.Max() <= high, $"{low} to {high} does not hold {cells.Min()} to {cells.Max()}.");
        for (var i = 0; i < cells.Length; i++)
        {
            // 254 colours, spread over the 256 of the map.
            var level = Math.Round((cells[i] - low) / (high - low) * 253);
            Assert.Equal(ColorMap.Of((byte)Math.Round(level * 255 / 253)), pixelAt(i / Side, i % Side));
        }
    }

    /// <summary>The text that begins at a place, character by character, up to three blanks in a row.</summary>
    private static string Read(List<(byte Red, byte Green, byte Blue)> pixels, int columnCount, int row, int column)
    {
        var known = Enumerable.Range(33, 94).Select(code => (char)code).ToLookup(character => string.Concat(Drawn(character)));
        var blank = string.Concat(Drawn(' '));
        var text = "";
        for (var place = 0; place < Side / 6; place++)
        {
            var shape = string.Concat(Enumerable.Range(0, 7 * 6).Select(i => pixels[((row + (i / 6)) * columnCount) + column + (place * 6) + (i % 6)] == (0, 0, 0) ? '#' : '.'));
            text += shape == blank ? ' ' : Assert.Single(known[shape]);
        }

        return text.TrimEnd();
    }

    private static IEnumerable<char> Drawn(char character)
    {
        var picture = new Picture(7, 6);
        PixelFont.Write(picture, $"{character}", 0, 0, 1);
        return Enumerable.Range(0, 7 * 6).Select(i => picture.Row(i / 6)[i % 6] == Picture.Ink ? '#' : '.');
    }

    private static double Number(string word) => double.Parse(word, CultureInfo.InvariantCulture);
}
