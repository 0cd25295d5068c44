using Google.Api;
using Google.Protobuf.Reflection;
using Mfn.Contracts.V1;

namespace Mfn.Server.Web;

/// <summary>All methods that can be called over HTTP: the contracts say how, and nothing else does.</summary>
internal static class HttpRules
{
    private static readonly Lazy<IReadOnlyList<HttpRule>> Read = new(() => [.. Files().SelectMany(file => file.Services).SelectMany(service => service.Methods).SelectMany(RulesOf)]);

    private static readonly Lazy<HashSet<string>> GrpcPaths = new(() =>
        [.. Files().SelectMany(file => file.Services).SelectMany(service => service.Methods.Select(method => $"/{service.FullName}/{method.Name}"))]);

    /// <summary>In the order of the contracts. Read when somebody first asks, which takes some milliseconds.</summary>
    public static IReadOnlyList<HttpRule> All => Read.Value;

    /// <summary>Whether a path is that of a method by gRPC.</summary>
    public static bool IsGrpcPath(string path) => GrpcPaths.Value.Contains(path);

    /// <summary>The rule for a request, or the verbs of HTTP that its path has if it has others; none if there is no such path.</summary>
    /// <param name="verb">Of HTTP.</param>
    /// <param name="path">Without its escapes.</param>
    public static (HttpRule? Rule, IReadOnlyList<string> Values, IReadOnlyList<string> Verbs) Find(string verb, string path)
    {
        var verbs = new List<string>();
        foreach (var rule in All)
        {
            if (rule.Path.Matches(path, out var values))
            {
                if (rule.Verb == verb)
                {
                    return (rule, values, []);
                }

                verbs.Add(rule.Verb);
            }
        }

        return (null, [], verbs);
    }

    /// <summary>The contracts.</summary>
    public static IReadOnlyList<FileDescriptor> Files() =>
    [
        AggregationServiceReflection.Descriptor,
        FeatureServiceReflection.Descriptor,
        FractalServiceReflection.Descriptor,
        MembraneServiceReflection.Descriptor,
        RunServiceReflection.Descriptor,
        SimulationServiceReflection.Descriptor,
        ValidationServiceReflection.Descriptor,
    ];

    private static IEnumerable<HttpRule> RulesOf(MethodDescriptor method) =>
        method.GetOptions()?.GetExtension(AnnotationsExtensions.Http) is { } http
            ? http.AdditionalBindings.Prepend(http).Select(binding => RuleOf(binding, method))
            : [];

    private static HttpRule RuleOf(Google.Api.HttpRule http, MethodDescriptor method)
    {
        var (verb, path) = http.PatternCase switch
        {
            Google.Api.HttpRule.PatternOneofCase.Get => (HttpMethods.Get, http.Get),
            Google.Api.HttpRule.PatternOneofCase.Put => (HttpMethods.Put, http.Put),
            Google.Api.HttpRule.PatternOneofCase.Post => (HttpMethods.Post, http.Post),
            Google.Api.HttpRule.PatternOneofCase.Delete => (HttpMethods.Delete, http.Delete),
            Google.Api.HttpRule.PatternOneofCase.Patch => (HttpMethods.Patch, http.Patch),
            _ => throw new InvalidOperationException($"The pattern of {method.FullName} is of a kind that is not known."),
        };
        return new HttpRule(verb, new PathTemplate(path), http.Body, method);
    }
}
