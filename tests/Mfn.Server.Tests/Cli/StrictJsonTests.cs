using System.Text;
using System.Text.Json;

namespace Mfn.Server.Tests.Cli;

/// <summary>What is not defined or not finite never becomes a number, or a word, of an answer in JSON.</summary>
public sealed class StrictJsonTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-json-");

    [Theory]
    [InlineData("features REST")]
    [InlineData("features REST --version 5.0")]
    [InlineData("features STILL")]
    [InlineData("features EXTREME")]
    [InlineData("features TINY --version 5.0")]
    [InlineData("fractal dimension REST")]
    [InlineData("fractal dimension TINY --version 5.0")]
    [InlineData("fractal ifs --points 1000")]
    [InlineData("fractal stability REST")]
    [InlineData("fractal stability STILL")]
    [InlineData("fractal stability EXTREME --time-step 1e-100")]
    [InlineData("simulate --grid 4 --steps 1 --features")]
    [InlineData("validate --grid 8 --steps 1")]
    [InlineData("aggregate LARGE --byzantine 1 --rule krum")]
    [InlineData("aggregate LARGE --byzantine 0 --rule mean")]
    [InlineData("aggregate LARGE --byzantine 1 --rule geometric-median")]
    [InlineData("aggregate EQUAL --byzantine 1 --rule geometric-median")]
    [InlineData("attack LARGE --byzantine 1")]
    [InlineData("nernst --out-molar 1000 --in-molar 5e-324")]
    [InlineData("goldman --ion 1000000,1000,5e-324 --ion 1,5e-324,1000,-1")]
    public async Task AnyAnswer_UndefinedOrExtreme_HasFiniteNumbersAlone(string arguments)
    {
        var paths = new Dictionary<string, string>
        {
            ["REST"] = Write("rest", _ => -0.07, 1, 16, 16),
            ["STILL"] = Write("still", _ => -0.07, 3, 16, 16),
            ["EXTREME"] = Write("extreme", i => i % 2 == 0 ? 1000 : -1000, 3, 17, 17),
            ["TINY"] = Write("tiny", _ => 0, 1, 2, 2),
            ["LARGE"] = Write("large", i => i % 3 == 0 ? 3e38 : -3e38, 7, 4),
            ["EQUAL"] = Write("equal", _ => 1e-38, 7, 4),
        };

        var (exitCode, output, error) = await MfnProcess.RunAsync([.. arguments.Split(' ').Select(word => paths.GetValueOrDefault(word, word)), "--json"]);

        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(output);
        AssertFinite(json.RootElement);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static void AssertFinite(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Number:
                Assert.True(double.IsFinite(element.GetDouble()), element.GetRawText());
                break;
            case JsonValueKind.String:
                Assert.DoesNotContain(element.GetString(), new[] { "NaN", "Infinity", "-Infinity" });
                break;
            case JsonValueKind.Object:
                Assert.All(element.EnumerateObject(), property => AssertFinite(property.Value));
                break;
            case JsonValueKind.Array:
                Assert.All(element.EnumerateArray(), AssertFinite);
                break;
        }
    }

    private string Write(string name, Func<int, double> value, params int[] shape)
    {
        var header = $"{{'descr': '<f8', 'fortran_order': False, 'shape': ({string.Join(", ", shape)}), }}".PadRight(117) + '\n';
        var path = Path.Combine(_folder.FullName, $"{name}.npy");
        using var writer = new BinaryWriter(File.Create(path));
        writer.Write([0x93, .. "NUMPY"u8, 1, 0]);
        writer.Write((ushort)header.Length);
        writer.Write(Encoding.ASCII.GetBytes(header));
        foreach (var i in Enumerable.Range(0, shape.Aggregate(1, (count, extent) => count * extent)))
        {
            writer.Write(value(i));
        }

        return path;
    }
}
