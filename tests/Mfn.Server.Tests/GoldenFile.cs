using System.Text.Json;

namespace Mfn.Server.Tests;

/// <summary>The reference's recorded outputs; see Golden/README.md in Mfn.Core.Tests.</summary>
internal static class GoldenFile
{
    public static JsonElement Open(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Golden", file)));
        return document.RootElement.Clone();
    }

    public static (JsonElement Inputs, JsonElement Outputs) Case(string file, string id)
    {
        var item = Open(file).GetProperty("cases").EnumerateArray().Single(each => each.GetProperty("id").GetString() == id);
        return (item.GetProperty("inputs"), item.GetProperty("outputs"));
    }
}
