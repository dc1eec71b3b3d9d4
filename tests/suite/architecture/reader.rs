//! Reads one source after the other into modules.

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, Meta, UseTree, Visibility};

use super::modules::{Mention, Module, Name};

/// What was read so far, and where the reader is.
#[derive(Default)]
pub struct Reader {
    pub modules: BTreeMap<Name, Module>,
    /// Modules that are compiled for tests only.
    pub tests: Vec<Name>,
    here: Name,
    file: String,
}

impl Reader {
    /// Reads the source of a module and of those inside it.
    pub fn read(&mut self, module: Name, file: String, text: &str) {
        let source = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        (self.here, self.file) = (module, file);
        self.module();
        self.visit_file(&source);
    }

    fn module(&mut self) -> &mut Module {
        let module = self.modules.entry(self.here.clone()).or_default();
        if module.file.is_empty() {
            module.file = self.file.clone();
        }
        module
    }

    fn mention(&mut self, path: Name, span: Span, glob: bool) {
        let line = span.start().line;
        self.module().mentions.push(Mention { path, line, glob });
    }

    /// The names that a `use` brings in.
    fn import(&mut self, item: &ItemUse) {
        let public = !matches!(item.vis, Visibility::Inherited);
        let mut open = vec![(Name::new(), &item.tree)];
        while let Some((mut path, tree)) = open.pop() {
            let (name, glob, span) = match tree {
                UseTree::Path(inner) => {
                    path.push(inner.ident.to_string());
                    open.push((path, &inner.tree));
                    continue;
                }
                UseTree::Group(group) => {
                    open.extend(group.items.iter().rev().map(|tree| (path.clone(), tree)));
                    continue;
                }
                UseTree::Glob(star) => (None, true, star.span()),
                UseTree::Name(one) => {
                    if one.ident != "self" {
                        path.push(one.ident.to_string());
                    }
                    (path.last().cloned(), false, one.span())
                }
                UseTree::Rename(one) => {
                    if one.ident != "self" {
                        path.push(one.ident.to_string());
                    }
                    (Some(one.rename.to_string()), false, one.span())
                }
            };
            let module = self.module();
            if public {
                module.reexports.push(path.clone());
            }
            match name {
                Some(name) => drop(module.imports.insert(name, path.clone())),
                None => module.globs.push(path.clone()),
            }
            self.mention(path, span, glob);
        }
    }

    /// Paths in what a macro or an attribute is given: names with `::` between them.
    fn tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons, mut start) = (Name::new(), 0, Span::call_site());
        for token in tokens.into_iter().map(Some).chain([None]) {
            match token {
                Some(TokenTree::Ident(name)) if colons == 2 && !path.is_empty() => {
                    path.push(name.to_string())
                }
                Some(TokenTree::Punct(mark)) if mark.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                other => {
                    if path.len() > 1 {
                        self.mention(std::mem::take(&mut path), start, false);
                    }
                    path.clear();
                    match other {
                        Some(TokenTree::Ident(name)) => {
                            start = name.span();
                            path.push(name.to_string());
                        }
                        Some(TokenTree::Group(group)) => self.tokens(group.stream()),
                        _ => {}
                    }
                }
            }
            colons = 0;
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Whether an item is compiled for tests only.
fn of_tests(item: &Item) -> bool {
    attributes(item).iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string().replace(' ', "");
            condition == "test" || condition.starts_with("all(test,")
        }
        _ => false,
    })
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if of_tests(item) {
            if let Item::Mod(item) = item {
                self.tests.push(self.here.iter().cloned().chain([item.ident.to_string()]).collect());
            }
            return;
        }
        if let Some(name) = defined(item) {
            self.module().defined.insert(name);
        }
        match item {
            Item::Mod(inner) if inner.content.is_some() => {
                self.here.push(inner.ident.to_string());
                self.module();
                visit::visit_item(self, item);
                self.here.pop();
            }
            Item::Use(item) => self.import(item),
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.mention(names, path.span(), false);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if call.path.is_ident("cfg") {
            self.module().conditions.push((call.tokens.to_string(), call.span().start().line));
        }
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            if list.path.is_ident("cfg") || list.path.is_ident("cfg_attr") {
                self.module().conditions.push((list.tokens.to_string(), attribute.span().start().line));
            }
            self.tokens(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }
}
