using System.Collections;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Mfn.Server.Web;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Tests.Web;

/// <summary>A client of REST that knows the contracts and nothing else.</summary>
internal sealed class RestClient(string url) : IDisposable
{
    private static readonly TypeRegistry Types = TypeRegistry.FromFiles(Google.Rpc.ErrorDetailsReflection.Descriptor);
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(Types));

    private readonly HttpClient _http = new() { BaseAddress = new Uri(url) };

    public void Dispose() => _http.Dispose();

    /// <summary>Sends a request as it is.</summary>
    public async Task<(HttpResponseMessage Response, string Body)> SendAsync(string verb, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value) || request.Content!.Headers.TryAddWithoutValidation(name, value));
        }

        var response = await _http.SendAsync(request);
        return (response, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Calls a method: the status of HTTP, how the call ended, and what it brought, without what is of one call alone.</summary>
    public async Task<(HttpStatusCode Http, RichStatus Status, IReadOnlyList<IMessage> Answers)> CallAsync(HttpRule rule, IMessage request)
    {
        var (path, rest) = PathOf(rule, request);
        var (response, body) = rule.HasBody
            ? await SendAsync(rule.Verb, path, JsonFormatter.Default.Format(rest))
            : await SendAsync(rule.Verb, path + QueryOf(rest));
        using (response)
        {
            if (!response.IsSuccessStatusCode)
            {
                return (response.StatusCode, Parser.Parse<RichStatus>(body), []);
            }

            if (rule.Chunk is not null)
            {
                // Parts are of the size that the server likes.
                var whole = rule.Method.OutputType.Parser.ParseFrom(ByteString.Empty);
                rule.Chunk.Accessor.SetValue(whole, ByteString.CopyFrom(await response.Content.ReadAsByteArrayAsync()));
                return (response.StatusCode, new RichStatus(), [whole]);
            }

            if (rule.IsUnary)
            {
                return (response.StatusCode, new RichStatus(), [RestParityTests.Lasting(Parser.Parse(body, rule.Method.OutputType))]);
            }

            var lines = body.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.EnumerateObject().Single()).ToList();
            return (response.StatusCode, Parser.Parse<RichStatus>(lines[^1].Value.GetRawText()),
                [.. lines[..^1].Select(line => RestParityTests.Lasting(Parser.Parse(line.Value.GetRawText(), rule.Method.OutputType)))]);
        }
    }

    private static (string Path, IMessage Others) PathOf(HttpRule rule, IMessage request)
    {
        var rest = request.Descriptor.Parser.ParseFrom(request.ToByteString());
        var path = rule.Path.Text;
        foreach (var name in rule.Path.Fields)
        {
            var field = request.Descriptor.FindFieldByName(name);
            path = path.Replace($"{{{name}}}", Uri.EscapeDataString((string)field.Accessor.GetValue(request)), StringComparison.Ordinal);
            field.Accessor.Clear(rest);
        }

        return (path, rest);
    }

    private static string QueryOf(IMessage message)
    {
        var pairs = Pairs(message, "").Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Text)}");
        return pairs.Any() ? $"?{string.Join('&', pairs)}" : "";
    }

    private static IEnumerable<(string Name, string Text)> Pairs(IMessage message, string prefix)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            var value = field.Accessor.GetValue(message);
            if (field.IsRepeated)
            {
                foreach (var each in (IList)value)
                {
                    yield return (prefix + field.Name, TextOf(each, field));
                }
            }
            else if (value is IMessage part)
            {
                foreach (var pair in Pairs(part, $"{prefix}{field.Name}.").DefaultIfEmpty((prefix + field.Name, "")))
                {
                    yield return pair;
                }
            }
            else if (field.HasPresence ? field.Accessor.HasValue(message) : value is not null && !value.Equals(Default(value)))
            {
                yield return (prefix + field.Name, TextOf(value, field));
            }
        }
    }

    private static object? Default(object value) => value is string ? "" : value is ByteString ? ByteString.Empty : Activator.CreateInstance(value.GetType());

    private static string TextOf(object value, FieldDescriptor field) => value switch
    {
        ByteString bytes => bytes.ToBase64(),
        bool flag => flag ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        _ when field.FieldType == FieldType.Enum => Convert.ToInt32(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
